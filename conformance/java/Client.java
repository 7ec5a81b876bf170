// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import boxgrpc.v1.BoxErrorOuterClass.BoxError;
import boxgrpc.v1.Hitachi.HitachiError;
import boxgrpc.v1.Informatica.InformaticaError;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorDetailsProto;
import com.google.rpc.Status;
import files.v1.FileServiceGrpc;
import files.v1.FileServiceOuterClass.CreateFolderRequest;
import files.v1.FileServiceOuterClass.DeleteFolderRequest;
import files.v1.FileServiceOuterClass.GetFileRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A caller with Debian's grpc-java. It makes the calls that come in, one JSON object a line, and
 * answers what it saw: callers_test.go has the members.
 */
final class Client {
  private static final Metadata.Key<String> LANGUAGE = text("accept-language");
  private static final Metadata.Key<String> PUSHBACK = text("grpc-retry-pushback-ms");
  private static final Gson JSON = new GsonBuilder().serializeNulls().create();
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer()
          .usingTypeRegistry(
              JsonFormat.TypeRegistry.newBuilder()
                  .add(ErrorDetailsProto.getDescriptor().getMessageTypes())
                  .add(BoxError.getDescriptor())
                  .add(HitachiError.getDescriptor())
                  .add(InformaticaError.getDescriptor())
                  .build());

  record Call(String target, String method, String id, String language, String config, long timeout_ms) {}

  public static void main(String[] args) throws IOException, InterruptedException {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.toJson(run(JSON.fromJson(line, Call.class))));
    }
  }

  private static Map<String, Object> run(Call call) throws IOException, InterruptedException {
    ManagedChannel channel = Failure.dial(call.target(), call.config());
    try {
      invoke(call, stub(channel, call));
      return Map.of("code", "OK");
    } catch (StatusRuntimeException error) {
      return seen(error);
    } finally {
      channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }

  private static FileServiceGrpc.FileServiceBlockingStub stub(ManagedChannel channel, Call call) {
    var headers = new Metadata();
    if (!call.language().isEmpty()) {
      headers.put(LANGUAGE, call.language());
    }
    return FileServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .withDeadlineAfter(call.timeout_ms(), TimeUnit.MILLISECONDS);
  }

  private static void invoke(Call call, FileServiceGrpc.FileServiceBlockingStub stub) {
    switch (call.method()) {
      case "GetFile" -> stub.getFile(GetFileRequest.newBuilder().setFileId(call.id()).build());
      case "CreateFolder" ->
          stub.createFolder(CreateFolderRequest.newBuilder().setParentId("0").setName("reports").build());
      case "DeleteFolder" -> stub.deleteFolder(DeleteFolderRequest.newBuilder().setFolderId(call.id()).build());
      default -> throw new IllegalArgumentException("method " + call.method() + " is not known");
    }
  }

  private static Map<String, Object> seen(StatusRuntimeException error) throws IOException {
    Failure failure = Failure.of(error);
    Status status = StatusProto.fromThrowable(error);
    var pushback = new ArrayList<String>();
    Iterable<String> sent = error.getTrailers().getAll(PUSHBACK);
    if (sent != null) {
      sent.forEach(pushback::add);
    }
    var seen = new LinkedHashMap<String, Object>();
    seen.put("code", error.getStatus().getCode().name());
    seen.put("message", error.getStatus().getDescription());
    seen.put("pushback", pushback);
    seen.put("raw", Base64.getEncoder().encodeToString(status.toByteArray()));
    seen.put("reason", failure.info().getReason());
    seen.put("domain", failure.info().getDomain());
    seen.put("metadata", failure.info().getMetadataMap());
    seen.put("request_id", failure.requestId());
    seen.put("wait_ms", failure.waitMs());
    seen.put("in_the_way", failure.inTheWay());
    seen.put("rule", failure.rule());
    seen.put("details", JSON.fromJson(PRINTER.print(status), Map.class).getOrDefault("details", List.of()));
    return seen;
  }

  private static Metadata.Key<String> text(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}

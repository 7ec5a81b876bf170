// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import boxgrpc.v1.BoxCodeOuterClass.BoxCode;
import boxgrpc.v1.RuleOuterClass;
import com.google.gson.Gson;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/** What a caller can act on. waitMs is null: not again. inTheWay is the id of what is there already. */
record Failure(ErrorInfo info, Long waitMs, String requestId, String inTheWay, String rule) {

  /** grpc-java retries by the service config, and obeys the pushback. */
  static ManagedChannel dial(String target, String serviceConfig) {
    Map<String, ?> config = new Gson().fromJson(serviceConfig, Map.class);
    return ManagedChannelBuilder.forTarget(target).usePlaintext().enableRetry().defaultServiceConfig(config).build();
  }

  static Failure of(StatusRuntimeException error) throws InvalidProtocolBufferException {
    Status status = StatusProto.fromThrowable(error);
    ErrorInfo info = find(status, ErrorInfo.getDefaultInstance());
    RetryInfo retry = find(status, RetryInfo.getDefaultInstance());
    return new Failure(
        info,
        retry.hasRetryDelay() ? (Durations.toNanos(retry.getRetryDelay()) + 999_999) / 1_000_000 : null,
        find(status, RequestInfo.getDefaultInstance()).getRequestId(),
        find(status, ResourceInfo.getDefaultInstance()).getResourceName(),
        info.getDomain().equals("api.box.com") ? rule(info.getReason()) : "");
  }

  private static <T extends Message> T find(Status status, T none) throws InvalidProtocolBufferException {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(none.getClass())) {
        @SuppressWarnings("unchecked")
        T found = (T) detail.unpack(none.getClass());
        return found;
      }
    }
    return none;
  }

  /** What the schema says about Box's code: may the request be sent again? */
  private static String rule(String reason) {
    var code = BoxCode.getDescriptor().findValueByName("BOX_CODE_" + reason);
    return code == null ? "" : code.getOptions().getExtension(RuleOuterClass.rule).getRetry().name();
  }
}

// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// A caller with connect-node, which speaks gRPC here. With --retry it obeys a service
// config as far as the interceptor does.
import { createRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BoxErrorSchema } from "../gen/es/boxgrpc/v1/box_error_pb.js";
import { HitachiErrorSchema } from "../gen/es/boxgrpc/v1/hitachi_pb.js";
import { InformaticaErrorSchema } from "../gen/es/boxgrpc/v1/informatica_pb.js";
import { file_google_rpc_error_details } from "../gen/es/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/es/google/rpc/status_pb.js";
import { dial, failure } from "./failure-connect.js";
import { answerLines, type Call } from "./lines.js";
import { retrying } from "./retry-connect.js";

async function invoke(call: Call): Promise<object> {
  const obeys = process.argv.includes("--retry") && call.config.includes("retryPolicy");
  const client = dial(call.target, ...(obeys ? [retrying] : []));
  const headers: HeadersInit = call.language ? { "accept-language": call.language } : {};
  const options = { headers, timeoutMs: call.timeout_ms };
  switch (call.method) {
    case "GetFile":
      return client.getFile({ fileId: call.id }, options);
    case "CreateFolder":
      return client.createFolder({ parentId: "0", name: "reports" }, options);
    case "DeleteFolder":
      return client.deleteFolder({ folderId: call.id }, options);
  }
}

const registry = createRegistry(BoxErrorSchema, HitachiErrorSchema, InformaticaErrorSchema, file_google_rpc_error_details);

/** The code as google.rpc.Code spells it; Connect has NotFound, and one l in Canceled. */
function codeName(code: Code): string {
  const name = Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return name === "CANCELED" ? "CANCELLED" : name;
}

function seen(error: ConnectError): object {
  const raw = Buffer.from(error.metadata.get("grpc-status-details-bin") ?? "", "base64");
  const status = toJson(StatusSchema, fromBinary(StatusSchema, raw), { registry }) as { details?: object[] };
  const pushback = error.metadata.get("grpc-retry-pushback-ms");
  return {
    ...failure(error),
    code: codeName(error.code),
    message: error.rawMessage,
    pushback: pushback === null ? [] : [pushback],
    details: status.details ?? [],
    raw: raw.toString("base64"),
  };
}

await answerLines(async (call) => {
  try {
    await invoke(call);
    return { code: "OK" };
  } catch (error) {
    return seen(ConnectError.from(error));
  }
});

// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import { getOption } from "@bufbuild/protobuf";
import { createClient, type Client, type ConnectError, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BoxCodeSchema } from "../gen/es/boxgrpc/v1/box_code_pb.js";
import { Retry, rule } from "../gen/es/boxgrpc/v1/rule_pb.js";
import { FileService } from "../gen/es/files/v1/file_service_pb.js";
import { ErrorInfoSchema, RequestInfoSchema, ResourceInfoSchema, RetryInfoSchema } from "../gen/es/google/rpc/error_details_pb.js";

/** connect-node has no retry of its own: an interceptor may do it. */
export function dial(target: string, ...interceptors: Interceptor[]): Client<typeof FileService> {
  return createClient(FileService, createGrpcTransport({ baseUrl: "http://" + target, interceptors }));
}

/** What a caller can act on. */
export function failure(error: ConnectError) {
  const [info] = error.findDetails(ErrorInfoSchema);
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const [request] = error.findDetails(RequestInfoSchema);
  const [resource] = error.findDetails(ResourceInfoSchema);
  const code = BoxCodeSchema.values.find((v) => v.name === "BOX_CODE_" + info?.reason);
  return {
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: info?.metadata ?? {}, // outcome, httpStatus, …
    wait_ms: delay ? Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6) : null, // null: not again
    request_id: request?.requestId ?? "",
    in_the_way: resource?.resourceName ?? "", // id of what is there already
    rule: code && info?.domain === "api.box.com" ? "RETRY_" + Retry[getOption(code, rule).retry] : "",
  };
}

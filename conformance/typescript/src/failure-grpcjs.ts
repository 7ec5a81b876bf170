// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { FileServiceClient } from "../gen/tsproto/files/v1/file_service.js";
import { ErrorInfo, RequestInfo, ResourceInfo, RetryInfo } from "../gen/tsproto/google/rpc/error_details.js";
import { Status } from "../gen/tsproto/google/rpc/status.js";

// ts-proto drops custom options: the rules of Box's codes come from catalog.json.
type Entry = { domain: string; code: string; retry: string };
const catalog = (JSON.parse(readFileSync("catalog.json", "utf8")) as Entry[]).filter((e) => e.domain === "api.box.com");

/** grpc-js retries by the service config, and obeys the pushback. */
export function dial(target: string, serviceConfig: string): FileServiceClient {
  return new FileServiceClient(target, credentials.createInsecure(), { "grpc.service_config": serviceConfig });
}

/** What a caller can act on. */
export function failure(error: ServiceError) {
  const [raw] = error.metadata.get("grpc-status-details-bin");
  const { details } = Status.decode(Buffer.from(raw ?? ""));
  const find = <T>(type: string, decode: (bytes: Uint8Array) => T): T | undefined =>
    details.filter((d) => d.typeUrl.endsWith("/" + type)).map((d) => decode(d.value))[0];
  const info = find("google.rpc.ErrorInfo", ErrorInfo.decode);
  const delay = find("google.rpc.RetryInfo", RetryInfo.decode)?.retryDelay;
  const rule = catalog.find((e) => e.domain === info?.domain && e.code.toUpperCase() === info.reason);
  return {
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: info?.metadata ?? {}, // outcome, httpStatus, …
    wait_ms: delay ? delay.seconds * 1000 + Math.ceil(delay.nanos / 1e6) : null, // null: not again
    request_id: find("google.rpc.RequestInfo", RequestInfo.decode)?.requestId ?? "",
    in_the_way: find("google.rpc.ResourceInfo", ResourceInfo.decode)?.resourceName ?? "", // id of what is there already
    rule: rule ? "RETRY_" + rule.retry : "",
  };
}

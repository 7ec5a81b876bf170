// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// A caller with grpc-js and ts-proto.
import { Metadata, status, type CallOptions, type ServiceError } from "@grpc/grpc-js";
import { BoxError } from "../gen/tsproto/boxgrpc/v1/box_error.js";
import { HitachiError } from "../gen/tsproto/boxgrpc/v1/hitachi.js";
import { InformaticaError } from "../gen/tsproto/boxgrpc/v1/informatica.js";
import type { FileServiceClient } from "../gen/tsproto/files/v1/file_service.js";
import * as rpc from "../gen/tsproto/google/rpc/error_details.js";
import { Status } from "../gen/tsproto/google/rpc/status.js";
import { dial, failure } from "./failure-grpcjs.js";
import { answerLines, type Call } from "./lines.js";

type Done = (error: ServiceError | null) => void;

function invoke(client: FileServiceClient, call: Call, done: Done): void {
  const metadata = new Metadata();
  if (call.language) metadata.set("accept-language", call.language);
  const options: Partial<CallOptions> = { deadline: Date.now() + call.timeout_ms };
  switch (call.method) {
    case "GetFile":
      client.getFile({ fileId: call.id }, metadata, options, done);
      return;
    case "CreateFolder":
      client.createFolder({ parentId: "0", name: "reports" }, metadata, options, done);
      return;
    case "DeleteFolder":
      client.deleteFolder({ folderId: call.id, recursive: false }, metadata, options, done);
      return;
  }
}

const kinds: Record<string, { decode(bytes: Uint8Array): any; toJSON(message: any): any }> = {
  "type.googleapis.com/google.rpc.ErrorInfo": rpc.ErrorInfo,
  "type.googleapis.com/google.rpc.RetryInfo": { decode: rpc.RetryInfo.decode, toJSON: retryInfoJSON },
  "type.googleapis.com/google.rpc.RequestInfo": rpc.RequestInfo,
  "type.googleapis.com/google.rpc.BadRequest": rpc.BadRequest,
  "type.googleapis.com/google.rpc.PreconditionFailure": rpc.PreconditionFailure,
  "type.googleapis.com/google.rpc.QuotaFailure": rpc.QuotaFailure,
  "type.googleapis.com/google.rpc.ResourceInfo": rpc.ResourceInfo,
  "type.googleapis.com/google.rpc.Help": rpc.Help,
  "type.googleapis.com/google.rpc.LocalizedMessage": rpc.LocalizedMessage,
  "type.googleapis.com/boxgrpc.v1.BoxError": BoxError,
  "type.googleapis.com/boxgrpc.v1.HitachiError": HitachiError,
  "type.googleapis.com/boxgrpc.v1.InformaticaError": InformaticaError,
};

/** ProtoJSON writes a Duration with 0, 3, 6 or 9 digits; ts-proto writes an object. */
function retryInfoJSON({ retryDelay }: rpc.RetryInfo): object {
  const { seconds = 0, nanos = 0 } = retryDelay ?? {};
  const digits = String(nanos).padStart(9, "0").replace(/(000)+$/, "");
  return { retryDelay: digits ? `${seconds}.${digits}s` : `${seconds}s` };
}

function seen(error: ServiceError): object {
  const [raw = Buffer.alloc(0)] = error.metadata.get("grpc-status-details-bin") as Buffer[];
  return {
    ...failure(error),
    code: status[error.code],
    message: error.details,
    pushback: error.metadata.get("grpc-retry-pushback-ms"),
    details: Status.decode(raw).details.map(({ typeUrl, value }) => {
      const kind = kinds[typeUrl]; // one that is not known shows in the comparison
      return { "@type": typeUrl, ...(kind && kind.toJSON(kind.decode(value))) };
    }),
    raw: raw.toString("base64"),
  };
}

await answerLines(async (call) => {
  const client = dial(call.target, call.config);
  try {
    const error = await new Promise<ServiceError | null>((done) => invoke(client, call, done));
    return error ? seen(error) : { code: "OK" };
  } finally {
    client.close();
  }
});

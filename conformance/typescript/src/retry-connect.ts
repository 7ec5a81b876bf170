// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from "node:timers/promises";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { ConnectError, type Interceptor } from "@connectrpc/connect";

/** What the service config does elsewhere: 3 tries of what the schema declares safe, when the pushback says. */
export const retrying: Interceptor = (next) => async (request) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(request);
    } catch (reason) {
      const error = ConnectError.from(reason);
      const pushback = Number(error.metadata.get("grpc-retry-pushback-ms") ?? "-1");
      const safe = request.method.idempotency !== Level.IDEMPOTENCY_UNKNOWN && !request.stream;
      if (!safe || attempt === 3 || !(pushback >= 0)) throw error;
      await sleep(pushback, undefined, { signal: request.signal });
      request.header.set("grpc-previous-rpc-attempts", String(attempt));
    }
  }
};

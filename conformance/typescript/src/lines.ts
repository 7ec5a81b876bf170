// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

import { createInterface } from "node:readline";

/** A call that a caller is asked to make: callers_test.go has the members. */
export interface Call {
  target: string;
  method: "GetFile" | "CreateFolder" | "DeleteFolder";
  id: string;
  language: string;
  config: string;
  timeout_ms: number;
}

/** Makes the calls that come in, one JSON object a line, and answers what it saw. */
export async function answerLines(run: (call: Call) => Promise<object>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await run(JSON.parse(line))) + "\n");
  }
}

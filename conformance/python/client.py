# SPDX-FileCopyrightText: The boxgrpc authors
# SPDX-License-Identifier: Apache-2.0
"""A caller with Debian's grpcio. It makes the calls that come in, one JSON object a
line, and answers what it saw: callers_test.go has the members."""

import base64
import json
import sys

import grpc
from boxgrpc.v1 import box_error_pb2, hitachi_pb2, informatica_pb2  # noqa: F401, for their names in json_format
from failure import dial, failure
from files.v1 import file_service_pb2 as files, file_service_pb2_grpc
from google.protobuf import json_format
from google.rpc import status_pb2

METHODS = {
    "GetFile": lambda stub, item: (stub.GetFile, files.GetFileRequest(file_id=item)),
    "CreateFolder": lambda stub, _: (stub.CreateFolder, files.CreateFolderRequest(parent_id="0", name="reports")),
    "DeleteFolder": lambda stub, item: (stub.DeleteFolder, files.DeleteFolderRequest(folder_id=item)),
}


def run(call):
    with dial(call["target"], call["config"]) as channel:
        method, request = METHODS[call["method"]](file_service_pb2_grpc.FileServiceStub(channel), call["id"])
        metadata = [("accept-language", call["language"])] if call["language"] else []
        try:
            method(request, metadata=metadata, timeout=call["timeout_ms"] / 1000)
        except grpc.RpcError as error:
            return seen(error)
    return {"code": "OK"}


def seen(error):
    trailers = list(error.trailing_metadata())
    raw = b"".join(value for key, value in trailers if key == "grpc-status-details-bin")
    status = json_format.MessageToDict(status_pb2.Status.FromString(raw))
    return failure(error) | {
        "code": error.code().name,
        "message": error.details(),
        "pushback": [value for key, value in trailers if key == "grpc-retry-pushback-ms"],
        "details": status.get("details", []),
        "raw": base64.b64encode(raw).decode(),
    }


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)

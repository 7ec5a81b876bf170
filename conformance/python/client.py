# SPDX-FileCopyrightText: The boxgrpc authors
# SPDX-License-Identifier: Apache-2.0
"""A caller with Debian's grpcio. It makes the calls that come in, one JSON object a
line, and writes what it saw: conformance/README.md has the members."""

import base64
import json
import sys

import grpc
from google.protobuf import json_format

# snippet: python
from boxgrpc.v1 import box_code_pb2, box_error_pb2, rule_pb2
from files.v1 import file_service_pb2 as files, file_service_pb2_grpc
from google.rpc import error_details_pb2 as details_pb2, status_pb2


def dial(target, config):
    # grpcio retries by the service config, and obeys the pushback.
    return grpc.insecure_channel(target, [("grpc.service_config", config)])


def details(error):
    """The google.rpc details of an error, by type."""
    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    found = {}
    for kind in (details_pb2.ErrorInfo, details_pb2.RetryInfo, details_pb2.RequestInfo, box_error_pb2.BoxError):
        for packed in status.details:
            if packed.Is(kind.DESCRIPTOR):
                found[kind] = kind()
                packed.Unpack(found[kind])
    return found


def retry_rule(info):
    """What the schema says about Box's code: may the request be sent again?"""
    value = box_code_pb2.BoxCode.DESCRIPTOR.values_by_name.get("BOX_CODE_" + info.reason)
    if value is None or info.domain != "api.box.com":
        return ""
    return rule_pb2.Retry.Name(value.GetOptions().Extensions[rule_pb2.rule].retry)


def wait_ms(found):
    """When the same call may be made again; None if it must not."""
    retry = found.get(details_pb2.RetryInfo)
    return None if retry is None else retry.retry_delay.ToMilliseconds()
# snippet ends


METHODS = {
    "GetFile": lambda stub, id: (stub.GetFile, files.GetFileRequest(file_id=id)),
    "CreateFolder": lambda stub, _: (stub.CreateFolder, files.CreateFolderRequest(parent_id="0", name="reports")),
    "DeleteFolder": lambda stub, id: (stub.DeleteFolder, files.DeleteFolderRequest(folder_id=id)),
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
    found = details(error)
    info = found.get(details_pb2.ErrorInfo, details_pb2.ErrorInfo())
    trailers = list(error.trailing_metadata())
    raw = b"".join(value for key, value in trailers if key == "grpc-status-details-bin")
    status = json_format.MessageToDict(status_pb2.Status.FromString(raw))
    return {
        "code": error.code().name,
        "message": error.details(),
        "reason": info.reason,
        "domain": info.domain,
        "metadata": dict(info.metadata),
        "request_id": found.get(details_pb2.RequestInfo, details_pb2.RequestInfo()).request_id,
        "wait_ms": wait_ms(found),
        "rule": retry_rule(info),
        "pushback": [value for key, value in trailers if key == "grpc-retry-pushback-ms"],
        "details": status.get("details", []),
        "raw": base64.b64encode(raw).decode(),
    }


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)

# SPDX-FileCopyrightText: The boxgrpc authors
# SPDX-License-Identifier: Apache-2.0

import grpc
from boxgrpc.v1 import box_code_pb2, rule_pb2
from google.rpc import error_details_pb2 as rpc, status_pb2


def dial(target, service_config):
    """grpcio retries by the service config, and obeys the pushback."""
    return grpc.insecure_channel(target, [("grpc.service_config", service_config)])


def failure(error):
    """What a caller can act on, out of a grpc.RpcError."""
    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    info, retry, request, resource = rpc.ErrorInfo(), rpc.RetryInfo(), rpc.RequestInfo(), rpc.ResourceInfo()
    again = False
    for detail in status.details:
        again |= detail.Is(retry.DESCRIPTOR)
        for message in (info, retry, request, resource):
            detail.Unpack(message)  # does nothing where the type is another one
    code = box_code_pb2.BoxCode.DESCRIPTOR.values_by_name.get("BOX_CODE_" + info.reason)
    known = code is not None and info.domain == "api.box.com"
    return {
        "reason": info.reason,
        "domain": info.domain,
        "metadata": dict(info.metadata),  # outcome, httpStatus, …
        "wait_ms": -(-retry.retry_delay.ToNanoseconds() // 10**6) if again else None,  # None: not again
        "request_id": request.request_id,
        "in_the_way": resource.resource_name,  # id of what is there already
        "rule": rule_pb2.Retry.Name(code.GetOptions().Extensions[rule_pb2.rule].retry) if known else "",
    }

"""Runs MiniStack, an emulator of AWS, with what it lacks added and with faster schedules.

Each addition does what AWS documents. One that MiniStack has by itself can be removed.
"""

import contextvars
import json
import threading
import time
import uuid

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.services import dynamodb, eventbridge, lambda_svc, scheduler, sqs
from ministack.services.cloudformation import handlers
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

# How long a minute of a schedule's rate takes.
MINUTE_SECONDS = 5


def make_schedules_faster():
    rate_seconds = eventbridge._parse_rate_seconds

    def faster(expression):
        seconds = rate_seconds(expression)
        return None if seconds is None else seconds * MINUTE_SECONDS / 60

    eventbridge._parse_rate_seconds = faster
    scheduler._SCHEDULE_TICK_INTERVAL = 1


def add_query_definitions():
    """A resource that nothing of the test reads."""

    def create(logical_id, props, stack_name):
        query_id = str(uuid.uuid4())
        return query_id, {"QueryDefinitionId": query_id}

    kept = {"create": create, "delete": lambda physical_id, props: None}
    _RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = kept


def add_time_to_live():
    """A table has the time to live of its template, once it is created or updated.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
    """
    kept = _RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"]

    def with_time_to_live(result, props):
        specification = props.get("TimeToLiveSpecification")
        if specification:
            dynamodb._update_ttl({"TableName": result[0], "TimeToLiveSpecification": specification})
        return result

    def create(logical_id, props, stack_name):
        return with_time_to_live(kept["create"](logical_id, props, stack_name), props)

    def update(physical_id, old, new, stack_name):
        return with_time_to_live(kept["update"](physical_id, old, new, stack_name), new)

    _RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"] = {**kept, "create": create, "update": update}


def correct_secrets():
    """`Ref` is the ARN, and a name that the template does not give does not begin with the stack's.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
    """
    kept = _RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]

    def name_of(arn):
        return arn.split(":secret:")[1].rsplit("-", 1)[0]

    def create(logical_id, props, stack_name):
        name = props.get("Name") or f"{logical_id}-{uuid.uuid4().hex[:12]}"
        _, attributes = kept["create"](logical_id, {**props, "Name": name}, stack_name)
        return attributes["Arn"], attributes

    def update(arn, old, new, stack_name, logical_id=None):
        named = {"Name": name_of(arn)}
        _, attributes = kept["update"](name_of(arn), {**old, **named}, {**new, **named}, stack_name, logical_id)
        return arn, attributes

    def delete(arn, props):
        return kept["delete"](name_of(arn), props)

    _RESOURCE_HANDLERS["AWS::SecretsManager::Secret"] = {**kept, "create": create, "update": update, "delete": delete}


def add_template_metadata():
    """GetTemplateSummary tells the metadata of a stack's template.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplateSummary.html
    """
    summary = handlers._ACTION_HANDLERS["GetTemplateSummary"]

    def with_metadata(params):
        status, headers, body = summary(params)
        name = handlers._p(params, "StackName")
        stack = handlers._resolve_stack(name) if name else None
        if status != 200 or not stack:
            return status, headers, body
        metadata = handlers._parse_template(stack["_template_body"]).get("Metadata", {})
        element = f"<Metadata>{handlers._esc(json.dumps(metadata))}</Metadata>"
        end = b"</GetTemplateSummaryResult>"
        return status, headers, body.replace(end, element.encode() + end)

    handlers._ACTION_HANDLERS["GetTemplateSummary"] = with_metadata


def add_success_destinations():
    """An asynchronous invocation that succeeds is reported to the queue of `OnSuccess`.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    is_asynchronous = contextvars.ContextVar("is_asynchronous", default=False)
    invoke, execute = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function

    def invoke_and_report(func, event):
        # The invocation runs in a thread with a copy of this context.
        token = is_asynchronous.set(True)
        try:
            invoke(func, event)
        finally:
            is_asynchronous.reset(token)

    def execute_and_report(func, event, *args, **kwargs):
        result = execute(func, event, *args, **kwargs)
        if is_asynchronous.get() and not result.get("error"):
            report(func, event, result)
        return result

    def report(func, event, result):
        settings = (func.get("event_invoke_configs") or {}).get("$LATEST") or func.get("event_invoke_config") or {}
        destination = settings.get("DestinationConfig", {}).get("OnSuccess", {}).get("Destination")
        queue = sqs._queue_by_arn(destination) if destination else None
        if queue is None:
            return
        record = {
            "version": "1.0",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"{func['config']['FunctionArn']}:$LATEST",
                "condition": "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": result.get("body"),
        }
        sqs._act_send_message({"MessageBody": json.dumps(record)}, queue["url"])

    lambda_svc.invoke_async_with_retry = invoke_and_report
    lambda_svc._execute_function = execute_and_report


def let_invocations_end():
    """A deployment that updates a function does not end its invocations."""
    is_update = contextvars.ContextVar("is_update", default=False)
    kill = lambda_runtime.kill_workers
    function = _RESOURCE_HANDLERS["AWS::Lambda::Function"]

    def kill_when_idle(workers):
        deadline = time.monotonic() + 60
        while any(each.in_use for each in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        kill(workers)

    def kill_now_or_later(workers):
        # They take no further invocation. Requests of theirs are served meanwhile.
        if is_update.get():
            threading.Thread(target=kill_when_idle, args=(workers,), daemon=True).start()
        else:
            kill(workers)

    def update(*args, **kwargs):
        token = is_update.set(True)
        try:
            return function["update"](*args, **kwargs)
        finally:
            is_update.reset(token)

    lambda_runtime.kill_workers = kill_now_or_later
    _RESOURCE_HANDLERS["AWS::Lambda::Function"] = {**function, "update": update}


make_schedules_faster()
let_invocations_end()
add_query_definitions()
add_time_to_live()
correct_secrets()
add_template_metadata()
add_success_destinations()
main()

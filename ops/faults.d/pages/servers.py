"""RabbitMQ and the object storage refuse."""

from stack import until

from . import fault


@fault("rabbitmq-alarm", [r"the broker has an alarm", r"Memory alarm on node"], WAIT=3, DISK="50MB")
def rabbitmq_alarm(stack):
    """RabbitMQ has more in memory than it may."""
    stack.begin()
    waiting = stack.jobs(12, durationSeconds=3)
    stack.wait_for("POLLING", waiting)
    stack.server("alarm")
    until(lambda: stack.ready("orchestrator-1") == 503, 30, "the orchestrator does not notice the alarm")
    yield "the end"
    stack.jobs(3, "after")


@fault("s3-refusals", [r"✗ output", r"storage-no-such-bucket"], WAIT=5)
def s3_refusals(stack):
    """Somebody has deleted the bucket."""
    stack.begin()
    bucket = stack.direct["AWS_ENDPOINT_URL_S3"] + "/longhaul-chaos"
    stack.run("curl", "--noproxy", "*", "-fsS", "-X", "DELETE", bucket)
    waiting = stack.jobs(4)
    stack.wait_for("PROCESSING", waiting)
    yield from ()

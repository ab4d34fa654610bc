"""Private RabbitMQ and CouchDB-protocol servers for the tests; `python -m tests.services` steers them.

Everything listens on loopback at random free ports, with an Erlang node name, cookie, port mapper (epmd) and
data folder of its own: runs side by side never meet, and a RabbitMQ of the system is never touched. Standard
library only, because this also runs before the virtual environment exists.
"""

from tests.services.processes import ServiceError
from tests.services.rabbit import rabbitmqctl

AMQP_URL = "PIVOT_TEST_AMQP_URL"
COUCH_URL = "PIVOT_TEST_COUCH_URL"
REQUIRE = "PIVOT_TEST_REQUIRE_SERVICES"  # set to 1: a missing service is a failure, not a skip

__all__ = ["AMQP_URL", "COUCH_URL", "REQUIRE", "ServiceError", "rabbitmqctl"]

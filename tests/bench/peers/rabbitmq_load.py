"""The load generator for a broker: the same payments, with durable queues in the hub's place.

A register publishes to its device's queue and waits for the confirm; the device publishes the result to the register's
queue, waits for the confirm, and acknowledges; the register acknowledges. One message at a time a device.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

import aiormq
from pamqp.commands import Basic

from tests.bench.fleet import name_of
from tests.bench.load import main
from tests.bench.orders import Orders
from tests.bench.shop import Shop

_ID = re.compile(rb'"transaction_id":"([0-9a-f-]{36})"')
_DURABLE = Basic.Properties(delivery_mode=2, content_type="application/json")


class _Till:
    """A register: `submit` returns once the broker has confirmed."""

    def __init__(self, name: str, channel: Any) -> None:
        self._queue = f"device-{name}"
        self._name = name
        self._channel = channel

    async def submit(self) -> str:
        transaction_id = str(uuid.uuid4())
        request = {"transaction_id": transaction_id, "register": self._name, "amount_total_cents": 500}
        body = json.dumps(request, separators=(",", ":")).encode()
        await self._channel.basic_publish(body, routing_key=self._queue, properties=_DURABLE)
        return transaction_id


class BrokerShop(Shop):
    """Devices share one connection and registers another, a channel each."""

    def __init__(self, orders: Orders) -> None:
        super().__init__(orders)
        self._queues: list[str] = []
        self._channel: Any = None

    async def open(self) -> None:
        devices = await aiormq.connect(self.orders.url)
        registers = await aiormq.connect(self.orders.url)
        self._channel = await registers.channel()
        tills: Any = []
        for number in range(self.orders.devices):
            name = name_of(number)
            device, register = await devices.channel(), await registers.channel()
            for queue in (f"device-{name}", f"register-{name}"):
                await device.queue_declare(queue, durable=True)
                self._queues.append(queue)
            await device.basic_qos(prefetch_count=1)
            await device.basic_consume(f"device-{name}", self._start)
            await register.basic_consume(f"register-{name}", self._outcome)
            tills.append(_Till(name, register))
        self.registers = tills

    async def _start(self, message: Any) -> None:
        arrived = time.perf_counter()
        request = json.loads(message.body)
        result = b'{"transaction_id":"%s","outcome":"approved","auth_id":"PIN147","card_pan":"....0138"}' % (
            request["transaction_id"].encode()
        )
        register = f"register-{request['register']}"
        await message.channel.basic_publish(result, routing_key=register, properties=_DURABLE)
        await message.channel.basic_ack(message.delivery_tag)
        self._started(request["transaction_id"], arrived)

    async def _outcome(self, message: Any) -> None:
        arrived = time.perf_counter()
        await message.channel.basic_ack(message.delivery_tag)
        found = _ID.search(message.body)
        assert found is not None
        self._finished(found[1].decode(), arrived)

    async def close(self) -> None:
        """Nothing may be left in a queue."""
        for queue in self._queues:
            left = (await self._channel.queue_declare(queue, passive=True)).message_count
            if left:
                self.errors[f"{left} messages left in {queue}"] += left


if __name__ == "__main__":
    main(BrokerShop)

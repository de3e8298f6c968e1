"""`python -m examples.accounting_sync`: follow the topics, or `--reconcile` with Voronka's own numbers.

Exit codes: 0 done, 1 differences or a gap, 2 wrong usage, 3 failed."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from aiokafka.errors import KafkaError

from examples.accounting_sync.fold import Unknown
from examples.accounting_sync.follow import Follower, Kafka
from examples.accounting_sync.ledger import Ledger, OtherLog
from examples.accounting_sync.message import NotAnEvent
from examples.accounting_sync.reconcile import Api, reconcile

log = logging.getLogger(__name__)
_RETRY = 2.0


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    ledger = Ledger(options.ledger)
    try:
        if options.reconcile:
            return _reconcile(ledger, Api(options.voronka, dict(_header(text) for text in options.header)))
        return asyncio.run(_follow(ledger, _kafka(options), until_end=options.until_end))
    except (NotAnEvent, Unknown, OtherLog) as error:
        print(f"accounting_sync: {error}. Nothing of it was booked.", file=sys.stderr)
    except OSError as error:
        print(f"accounting_sync: {error}", file=sys.stderr)
    finally:
        ledger.close()
    return 3


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("accounting_sync", description="A ledger that follows Voronka.")
    parser.add_argument("--ledger", type=Path, default=Path("ledger.sqlite"), help="the ledger's file")
    parser.add_argument("--kafka", default="127.0.0.1:9092", help="HOST:PORT,HOST:PORT")
    parser.add_argument("--group", default="accounting", help="our consumer group")
    parser.add_argument("--prefix", default="", help="what stands before the topics' names")
    parser.add_argument("--security", default="PLAINTEXT", help="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    parser.add_argument("--mechanism", default="SCRAM-SHA-512", help="of SASL")
    parser.add_argument("--user", default="", help="of SASL; the password is taken from ACCOUNTING_KAFKA_PASSWORD")
    parser.add_argument("--ca-file", default="", help="certificates to trust (PEM)")
    parser.add_argument("--session", type=float, default=10.0, help="seconds until a killed run's partitions are free")
    parser.add_argument("--until-end", action="store_true", help="stop at what is there now")
    parser.add_argument("--reconcile", action="store_true", help="compare with Voronka's numbers")
    parser.add_argument("--voronka", default="http://127.0.0.1:8080", help="Voronka's address, for --reconcile")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="sent to Voronka")
    return parser.parse_args(arguments)


def _kafka(options: argparse.Namespace) -> Kafka:
    return Kafka(
        options.kafka,
        options.group,
        options.prefix,
        options.security,
        options.mechanism,
        options.user,
        os.environ.get("ACCOUNTING_KAFKA_PASSWORD", ""),
        options.ca_file,
        options.session,
    )


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


async def _follow(ledger: Ledger, kafka: Kafka, *, until_end: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        follower = Follower(kafka, ledger)
        try:
            await follower.run(stop, until_end=until_end)
        except KafkaError as error:
            log.warning("Kafka at %s: %r; again in %.0f s", kafka.brokers, error, _RETRY)
            try:
                await asyncio.wait_for(stop.wait(), _RETRY)
            except TimeoutError:
                continue
        else:
            for place, gap in follower.gaps.items():
                print(f"{place} lacks what comes after position {gap.after}", file=sys.stderr)
            return 1 if follower.gaps else 0
    return 0


def _reconcile(ledger: Ledger, api: Api) -> int:
    compared, differences = reconcile(ledger, api)
    for (client, currency, what), ours, theirs in differences:
        print(f"{client or '(nobody)':40} {currency or '-':4} {what:16} ledger {ours:>15}  voronka {theirs:>15}")
    print(f"{compared} numbers compared, {len(differences)} differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

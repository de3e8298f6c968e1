"""What can go wrong with KurrentDB, in the words of the port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from grpc import aio
from kurrentdbclient import exceptions as errors

from contracts.problem import Invalid, Unavailable
from services.kit.errors import Unusable

_ANSWERS = (
    errors.WrongCurrentVersionError,
    errors.NotFoundError,
    errors.InvalidCommitPositionError,
    errors.NodeIsNotLeaderError,
)


class Lost(Exception):
    """The server did not answer (away, hanging, restarted): what was asked may have been done or not.

    `late`: the deadline has passed, so there is no time to ask again."""

    def __init__(self, why: str, *, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


class WrongVersion(Exception):
    """The stream is at another version than expected."""

    def __init__(self, actual: int) -> None:
        super().__init__(actual)
        self.actual = actual


class InvalidPosition(Exception):
    """No event begins at this position of the log."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the client's errors into Lost, Invalid and Unusable, but for those that are answers."""
    try:
        yield
    except _ANSWERS:
        raise
    except (errors.UnauthenticatedError, errors.AccessDeniedError) as error:
        raise Unusable(
            f"the event store refuses this user ({str(error) or 'access denied'}). Check user and password in its "
            "address; without TLS it knows no users."
        ) from error
    except (errors.StreamIsDeletedError, errors.StreamTombstonedError) as error:
        raise Unusable(f"a stream was deleted in the event store by somebody else: {error}") from error
    except (errors.MaximumAppendSizeExceededError, errors.InvalidArgumentError) as error:
        raise Invalid(f"this is larger than the event store takes at once ({error})") from error
    except errors.UnknownError as error:
        if "ReadAllResult" in str(error):
            # Servers before 25.1 say no more about a position that is none.
            raise errors.InvalidCommitPositionError(*error.args) from error
        raise Lost(str(error)) from error
    except errors.DeadlineExceededError as error:
        raise Lost("no answer in time", late=True) from error
    except (errors.KurrentDBClientError, errors.ProgrammingError, aio.UsageError, aio.AioRpcError) as error:
        if type(error) is errors.GrpcError and "RESOURCE_EXHAUSTED" in str(error):
            raise Invalid("this is larger than the event store takes in one message") from error
        raise Lost(str(error) or type(error).__name__) from error


def unavailable(lost: Lost) -> Unavailable:
    """Return the port's error for a store that is away."""
    return Unavailable(f"The event store does not answer ({lost}). Nothing is lost: try again later.")

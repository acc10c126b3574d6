"""What this door is made of."""

from functions.core.batches.jobs import BatchJobs
from functions.core.batches.making import BatchMaking
from functions.core.batches.store import Batches
from functions.core.batches.uploads import BatchUploads
from functions.core.clock import Clock
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.locations.store import Locations
from functions.core.presets.store import Presets
from functions.core.presets.wishes import Wishes
from functions.core.recordings.media import Media
from functions.core.recordings.orders import Orders
from functions.core.recordings.store import Recordings
from functions.core.settings import AsciiKeeping, Keeping, Models, Uploads
from functions.core.table import Table
from functions.jobs.announcing import Announcing
from functions.jobs.ascii_files import AsciiFiles


def job_services(  # noqa: PLR0913 - each is a neighbour that tests replace, or a setting
    library: Table,
    *,
    media: Media,
    queues: Queues,
    uploads: Uploads,
    keeping: Keeping,
    ascii_keeping: AsciiKeeping,
    models: Models,
    clock: Clock,
) -> dict[type, object]:
    """Return recordings with their jobs, batches and presets."""
    recordings, jobs = Recordings(library, clock=clock), Jobs(library, clock=clock)
    batches, presets = Batches(library, clock=clock), Presets(library, clock=clock)
    allowed = AllowedModels(models.allowed_models)
    orders = Orders(recordings=recordings, jobs=jobs, queues=queues, clock=clock)
    batch_jobs = BatchJobs(recordings=recordings, jobs=jobs, orders=orders, clock=clock)
    return {
        AllowedModels: allowed,
        Announcing: Announcing(
            batches=BatchUploads(batches=batches, recordings=recordings),
            locations=Locations(library, clock=clock),
            media=media,
            uploads=uploads,
            keeping=keeping,
            clock=clock,
        ),
        AsciiFiles: AsciiFiles(
            recordings=recordings, media=media, keep_days=ascii_keeping.ascii_keep_days, clock=clock
        ),
        Batches: batches,
        BatchMaking: BatchMaking(batches=batches, jobs=batch_jobs, clock=clock),
        Clock: clock,
        Jobs: jobs,
        Media: media,
        Orders: orders,
        Presets: presets,
        Recordings: recordings,
        Wishes: Wishes(presets, allowed),
    }

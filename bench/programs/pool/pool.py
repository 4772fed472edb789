"""The pitfalls with Python's multiprocessing.Pool, and with plain loops.

    python3 pool.py overhead loop|CHUNKSIZE|auto COUNT SIZE
    python3 pool.py values KIND LIMIT SIZE
    python3 pool.py data sent|shared|named FOLDER COUNT SIZE
    python3 pool.py shared loop|each|initializer COUNT SIZE
    python3 pool.py chunks loop|CHUNKSIZE|auto even|uneven COUNT ROUNDS SIZE

CHUNKSIZE is that of Pool.map and Pool.imap, and 'auto' what they choose. SIZE is the number of
processes. Times are milliseconds. The functions give the results of those in functions.ts.
"""

import hashlib
import json
import multiprocessing
import os
import re
import struct
import sys
import time
from multiprocessing import resource_tracker, shared_memory


def chain(text, rounds):
    for _ in range(rounds):
        text = hashlib.sha256(text.encode()).hexdigest()
    return text


def first_bits(digits):
    return int(digits[:8], 16)


def hashed(n):
    return first_bits(chain(str(n), 1))


TABLE_LENGTH = 4000
OWN_ROUNDS = 500
table = None


def make_table():
    return [chain(str(i), 1) for i in range(TABLE_LENGTH)]


def keep_table():
    global table
    table = make_table()


def from_table(n):
    return first_bits(chain(table[n % len(table)], OWN_ROUNDS))


def from_new_table(n):
    own = make_table()
    return first_bits(chain(own[n % len(own)], OWN_ROUNDS))


BLOCK_BYTES = 4096


def block(item):
    n, rounds = item
    return struct.pack('>I', first_bits(chain(str(n), rounds))) + bytes(BLOCK_BYTES - 4)


def result_in(made):
    return struct.unpack_from('>I', made)[0]


def peak(samples):
    import numpy

    return float(numpy.abs(samples).max())


def read_samples(file):
    import numpy

    return numpy.fromfile(file, numpy.float32)


def peak_of_file(file):
    return peak(read_samples(file))


def peak_of_shared(item):
    """Finds the highest sample in shared memory. The name crosses, and not the samples."""
    import numpy

    name, length = item
    memory = shared_memory.SharedMemory(name)
    samples = numpy.ndarray(length, numpy.float32, memory.buf)
    highest = peak(samples)
    del samples
    memory.close()
    return highest


def digest_of(results):
    return hashlib.sha256(struct.pack(f'<{len(results)}d', *results)).hexdigest()


def say(value, results=None, **more):
    digest = {} if results is None else {'digest': digest_of(results)}
    print(json.dumps({'value': 1000 * value, **digest, **more}))


def timed(run):
    started = time.perf_counter()
    results = run()
    return time.perf_counter() - started, results


def chunks_of(text, default):
    """The argument `chunksize`. Pool.map chooses it if it is None, and Pool.imap sends one item at a time."""
    return default if text == 'auto' else int(text)


def overhead(way, count, size):
    items = range(int(count))
    if way == 'loop':
        [hashed(n) for n in items[: len(items) // 10]]
        return say(*timed(lambda: [hashed(n) for n in items]))
    with multiprocessing.Pool(int(size)) as pool:
        run = lambda some: pool.map(hashed, some, chunks_of(way, None))
        run(items[: len(items) // 10])
        say(*timed(lambda: run(items)))


BAD_ITEM = 60
VALUE_ITEMS = 100


class Price:
    def __init__(self, cents):
        self.cents = cents

    def __str__(self):
        return f'{self.cents / 100:.2f} EUR'


class NoPriceError(Exception):
    def __init__(self, item, currency):
        super().__init__(f'no price in {currency}')
        self.item = item
        self.currency = currency


def call_function(item):
    n, value = item
    return n if value is None else value(n)


def show_price(item):
    n, value = item
    return n if value is None else str(value)


def read_handle(item):
    n, value = item
    return n if value is None else type(value.fileno()).__name__


def return_function(item):
    n, _ = item
    return (lambda: n) if n == BAD_ITEM else n


def throw_error(item):
    n, _ = item
    if n == BAD_ITEM:
        raise NoPriceError(n, 'EUR')
    return n


VALUES = {
    'function': (call_function, lambda: lambda n: 10 * n, '600'),
    'instance': (show_price, lambda: Price(160), '1.60 EUR'),
    'handle': (read_handle, lambda: open(__file__), 'int'),
    'result': (return_function, lambda: None, ''),
    'error': (throw_error, lambda: None, ''),
}


def values(kind, limit, size):
    function, make, expected = VALUES[kind]
    items = [(n, make() if n == BAD_ITEM else None) for n in range(VALUE_ITEMS)]
    plain = [item for item in items if item[0] != BAD_ITEM]
    figures = {'crossed': 0, 'reported': 0, 'named': 0, 'hung': 0}
    # Not `with`: the end of the block may hang too.
    pool = multiprocessing.Pool(int(size))
    pool.map(function, plain)
    # The results of this thread's death would be a traceback on stderr.
    sys.stderr = open(os.devnull, 'w')
    started = time.perf_counter()
    try:
        results = pool.map_async(function, items).get(int(limit) / 1000)
        seconds = time.perf_counter() - started
        figures['crossed'] = int(str(results[BAD_ITEM]) == expected)
        note = 'works' if figures['crossed'] else f'silently {results[BAD_ITEM]}'
    except multiprocessing.TimeoutError:
        seconds = time.perf_counter() - started
        figures['hung'] = 1
        note = f'no answer in {int(limit) / 1000:g} s'
    except Exception as error:
        seconds = time.perf_counter() - started
        text = re.sub(' at 0x[0-9a-f]+', '', str(error).split('\n')[0])
        figures['reported'] = 1
        figures['named'] = int(re.search(rf'\b{BAD_ITEM}\b', text) is not None)
        figures['crossed'] = int(kind == 'error' and getattr(error, 'currency', None) == 'EUR')
        note = f'{type(error).__name__}: {text}'[:200]
    say(seconds, figures=figures, note=note)
    sys.stdout.flush()
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(0)


def data(way, folder, count, size):
    files = [os.path.join(folder, f'{i}.f32') for i in range(int(count))]
    # Otherwise each worker starts a tracker of its own, which warns of shared memory that it does not own.
    resource_tracker.ensure_running()
    with multiprocessing.Pool(int(size)) as pool:
        run = {
            'sent': lambda some: list(pool.imap(peak, map(read_samples, some))),
            'named': lambda some: pool.map(peak_of_file, some),
            'shared': lambda some: peaks_of_shared(pool, some),
        }[way]
        for _ in range(2):
            run(files[: 2 * int(size)])
        say(*timed(lambda: run(files)))


def peaks_of_shared(pool, files):
    import numpy

    memories = []

    def shared(file):
        samples = read_samples(file)
        memory = shared_memory.SharedMemory(create=True, size=samples.nbytes)
        numpy.ndarray(samples.shape, numpy.float32, memory.buf)[:] = samples
        memories.append(memory)
        return memory.name, len(samples)

    peaks = list(pool.imap(peak_of_shared, map(shared, files)))
    for memory in memories:
        memory.close()
        memory.unlink()
    return peaks


def shared(way, count, size):
    items = range(int(count))

    def loop():
        keep_table()
        return [from_table(n) for n in items]

    def each():
        with multiprocessing.Pool(int(size)) as pool:
            return pool.map(from_new_table, items)

    def initializer():
        with multiprocessing.Pool(int(size), keep_table) as pool:
            return pool.map(from_table, items)

    say(*timed({'loop': loop, 'each': each, 'initializer': initializer}[way]))


def chunks(way, shape, count, rounds, size):
    def blocks(count):
        for n in range(count):
            yield n, int(rounds) if shape == 'even' else 1 + int(3 * int(rounds) * ((n + 0.5) / count) ** 2)

    some = -(-int(count) // 20)
    if way == 'loop':
        run = lambda count: [result_in(block(item)) for item in blocks(count)]
        run(some)
        return say(*timed(lambda: run(int(count))))
    with multiprocessing.Pool(int(size)) as pool:
        run = lambda count: [result_in(made) for made in pool.imap(block, blocks(count), chunks_of(way, 1))]
        run(some)
        say(*timed(lambda: run(int(count))))


if __name__ == '__main__':
    work, *arguments = sys.argv[1:]
    {'overhead': overhead, 'values': values, 'data': data, 'shared': shared, 'chunks': chunks}[work](*arguments)

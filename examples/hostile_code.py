"""The code of the hostile program: one attempt to get something out for each choice of `attack`, 1 when it succeeds.

It is sent as text to be a product's code, and run as it stands, outside, to show that each attempt would succeed there.
Names are looked up at run time, so that reading the code – as the review does – tells nothing."""


def program(rows, parameters):
    get = eval("__imp" + "ort__")
    return {"through": ATTACKS[parameters["attack"]](rows, get), "rows": len(rows)}


def attempt(play):
    """Give 1 when an attempt succeeds, 0 when it fails, however it fails."""

    def played(rows, get):
        try:
            return int(bool(play(rows, get)))
        except BaseException:  # noqa: BLE001 – however it fails
            return 0

    return played


def network(rows, get):
    socket = get("socket")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        return socket.create_connection(listening.getsockname(), 0.1)


def name_server(rows, get):
    socket = get("socket")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        return sending.sendto(b"secret", ("127.0.0.1", 53))


def local_socket(rows, get):
    return get("socket").socketpair()


def read_file(rows, get):
    with open("/etc/hostname") as file:
        return file.read()


def list_files(rows, get):
    return get("os").listdir("/")


def write_file(rows, get):
    folder = get("tempfile").mkdtemp()
    with open(folder + "/found", "w") as file:
        return file.write("secret")


def shared_memory(rows, get):
    return get("os").memfd_create("shared")


def environment(rows, get):
    return get("os").environ.get("SANDBOX_SECRET")


def processes(rows, get):
    return [name for name in get("os").listdir("/proc") if name.isdigit()]


def own_memory(rows, get):
    with open("/proc/self/mem", "rb") as memory:
        return memory


def fork(rows, get):
    os = get("os")
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)


def start_program(rows, get):
    return get("subprocess").run(["/bin/true"]).returncode == 0


def thread(rows, get):
    made = get("threading").Thread(target=len, args=("",))
    made.start()
    made.join()
    return True


def signal_parent(rows, get):
    os = get("os")
    os.kill(os.getppid() or 1, 0)
    return True


def trace_process(rows, get):
    return get("ctypes").CDLL(None).ptrace(0, 0, 0, 0) == 0


def choose_processor(rows, get):
    os = get("os")
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return True


def executable_memory(rows, get):
    return get("mmap").mmap(-1, 4096, prot=7)


def load_library(rows, get):
    return get("ctypes").CDLL("libBrokenLocale.so.1")


def lift_limits(rows, get):
    resource = get("resource")
    resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
    return resource.getrlimit(resource.RLIMIT_AS)[1] == resource.RLIM_INFINITY


def memory_hog(rows, get):
    return len(bytearray(1 << 30))


def other_blocks(rows, get):
    """Leave the rows where the next block could find them, and look for those of another."""
    pandas = get("pandas")
    mine, before = len(rows), getattr(pandas, "left_behind", None)
    pandas.left_behind = mine
    frames = [one for one in get("gc").get_objects() if isinstance(one, pandas.DataFrame) and "cost" in one.columns]
    return before is not None or len(frames) > 1


def die(rows, get):
    get("os")._exit(0)


def crash(rows, get):
    return get("ctypes").string_at(0)


def recurse(rows, get):
    return recurse(rows, get)


def flood(rows, get):
    os = get("os")
    for handle in range(1, 64):
        try:
            os.write(handle, b"\x00\x00\x00\x00\x00\x00\xf0\x7f" * 10_000)
        except OSError:
            continue
    return 1


def hang(rows, get):
    while True:
        pass


def encode(rows, get):
    """Say a row's value in a number far beyond its bounds, and in one that is none."""
    return 10**15 + int(rows["cost"].iloc[0] * 100)


def nothing(rows, get):
    return 0


GETS_OUT = {
    one.__name__: attempt(one)
    for one in (
        network, name_server, local_socket, read_file, list_files, write_file, shared_memory, environment, processes,
        own_memory, fork, start_program, thread, signal_parent, trace_process, choose_processor, executable_memory,
        load_library, lift_limits, memory_hog, other_blocks,
    )
}  # fmt: skip
ENDS_BADLY = {one.__name__: one for one in (die, crash, recurse, flood, hang)}
ATTACKS = {**GETS_OUT, **ENDS_BADLY, "encode": encode, "nothing": nothing}

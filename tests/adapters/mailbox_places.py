"""Places that reports come to, each filled by hand: in memory, by IMAP, a Maildir, an mbox."""

from urllib.parse import quote

from imap_server import ImapServer

from newsletter.adapters.mailbox import MemoryBox, open_box

RAWS = [f"Subject: number {number}\n\nwords\n".encode() for number in range(3)]


class Memory:
    def __init__(self, folder, raws):
        self.box = MemoryBox(raws)

    def left(self):
        return list(self.box.waiting.values())

    def stop(self):
        pass


class Imap:
    uidplus = True

    def __init__(self, folder, raws):
        self.server = ImapServer(raws, uidplus=self.uidplus).start()
        self.box = open_box(
            f"imap://reports:{quote('p@ss w/rd', safe='')}@127.0.0.1:{self.server.port}"
        )

    def left(self):
        return [one.raw for one in self.server.messages]

    def stop(self):
        self.box.close()
        self.server.stop()


class OldImap(Imap):
    uidplus = False


class Maildir:
    def __init__(self, folder, raws):
        self.path = folder / "Maildir"
        for name in ("new", "cur", "tmp"):
            (self.path / name).mkdir(parents=True)
        for number, raw in enumerate(raws):
            (
                self.path / ("cur" if number == 2 else "new") / f"170000000{number}.a.host"
            ).write_bytes(raw)
        self.box = open_box(f"maildir://{self.path}")

    def left(self):
        files = [*(self.path / "new").iterdir(), *(self.path / "cur").iterdir()]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]

    def stop(self):
        pass


class Mbox:
    def __init__(self, folder, raws):
        self.path = folder / "mbox"
        self.path.write_bytes(
            b"".join(b"From a@b Mon Jun 15 12:00:00 2026\n" + raw + b"\n" for raw in raws)
        )
        self.box = open_box(f"mbox://{self.path}")

    def left(self):
        raws = self.path.read_bytes().split(b"From a@b Mon Jun 15 12:00:00 2026\n")[1:]
        return [raw.removesuffix(b"\n") for raw in raws]

    def stop(self):
        pass


def emptied(box) -> list[bytes]:
    """Take all that waits, as a service does it."""
    found = []
    for mail in box.fetch():
        found.append(mail.raw.rstrip())
        box.remove(mail)
    box.close()
    return found

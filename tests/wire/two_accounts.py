"""A room with the same identities in two accounts, whose keys a run may come to hold. Nothing here is a
test."""

import csv

from rehearsal_room import ACCOUNT, CANNOT_RUN, Room, check

OTHER = "222233334444"
KEYS = {"own": (ACCOUNT, "AKIDOWN", "secretown"), "other": (OTHER, "AKIDOTHER", "secretother")}
STS = "GetCallerIdentity"


class TwoAccounts(Room):
    """The same identities in two accounts; profiles own and other, and whose keys the environment holds."""

    def __init__(self, mailfrom, ses_sim, identities, **more):
        self.keys, self.more_environment = "own", {}
        super().__init__(mailfrom, ses_sim, identities, **more)
        self.write_profiles()

    def write_table(self):
        super().write_table()
        rows = list(csv.DictReader(open(self.path / "identities.csv", newline="")))
        with open(self.path / "identities.csv", "a", newline="") as table:
            csv.DictWriter(table, list(rows[0]), lineterminator="\n").writerows({**row, "account": OTHER} for row in rows)
        with open(self.path / "keys.csv", "w", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow("account access_key_id secret_access_key".split())
            writer.writerows(KEYS.values())
        self.more_sim = ["--credentials", self.path / "keys.csv"]

    def write_profiles(self):
        (self.path / ".aws").mkdir(exist_ok=True)
        (self.path / ".aws/credentials").write_text("".join(
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            for name, (_, key, secret) in KEYS.items()))

    def swap_keys(self):
        """The profile of the other account holds the keys of the own one now."""
        credentials = self.path / ".aws/credentials"
        credentials.write_text(credentials.read_text().replace("AKIDOTHER", "AKIDOWN").replace("secretother", "secretown"))

    def environment(self):
        clean = super().environment()
        _, clean["AWS_ACCESS_KEY_ID"], clean["AWS_SECRET_ACCESS_KEY"] = KEYS[self.keys]
        clean.update(self.more_environment)
        return {name: value for name, value in clean.items() if value}

    def in_account(self, keys):
        self.keys = keys
        return self

    def sent(self):
        """Everything but the question whose the credentials are."""
        return [call for call in self.calls() if call["action"] != STS]

    def is_refused(self, title, verb, *arguments, words=(), code=CANNOT_RUN):
        before = len(self.sent())
        text = self.ends(title, code, verb, *arguments)
        check(f"{title}: SES is not asked", len(self.sent()) == before, self.sent()[before:])
        check(f"{title}: one sentence says why", all(word in text for word in words), text, words)
        return text

/* The table of verbs. */
#include "verb_rows.h"

#include <string.h>

#define PART     (OPTIONS_SELECT | OPTIONS_SELECT_REGION)
#define ROWS     (PART | OPTIONS_LIMIT_ROWS)
#define CHANGES  (PART | OPTIONS_LIMIT_CHANGES)
#define LIVE_RUN (OPTIONS_LIVE | OPTIONS_JOURNAL | OPTIONS_REPORT | OPTIONS_PROGRESS)
#define CARRIED  (LIVE_RUN | OPTIONS_LISTEN | OPTIONS_DETACH | OPTIONS_SUBMIT)

const struct verb_row verb_rows[] = {
    {"check", "MANIFEST...", "read, vet and judge manifests; touches nothing",
     OPTIONS_CHECK | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | ROWS,
     "Reads the manifests with all included files and prints every complaint with "
     "file:line:column, and the findings of the rules that need no network. Sends nothing.\n"
     "Exit code 3: some identities would be refused.",
     "mailfrom check fleet.yaml"},
    {"discover", "", "list the identities of accounts as a manifest; reads only",
     OPTIONS_DISCOVER | OPTIONS_COMPLAINTS | OPTIONS_SELECT | OPTIONS_LIMIT_ROWS,
     "Reads every identity of the accounts and Regions, a hundred a call, and writes a manifest "
     "in which plan finds nothing to change, or with --mail-from one that proposes a migration. "
     "An identity that is not verified or has FAILED is written as a comment. Formats of "
     "infrastructure code have what is there for Terraform, CloudFormation or Pulumi to import.\n"
     "Exit code 3: some account or Region could not be read.",
     "mailfrom discover --profile prod,shop --regions us-east-1,eu-west-1 \\\n"
     "           --mail-from bounce.{domain} --out fleet.yaml"},
    {"plan", "MANIFEST...", "read SES and DNS, judge every choice, show before -> after",
     LIVE_RUN | OPTIONS_PLAN | OPTIONS_MANIFEST | CHANGES,
     "Reads SES and DNS, a hundred identities a call, judges every MAIL FROM, with DMARC and even "
     "before its records exist, and shows what apply would do, and identities that are as wanted "
     "but have trouble. Reads only. From the journal it takes the names that its runs have set.",
     "mailfrom plan fleet.yaml --out fleet.plan --report csv:plan.csv"},
    {"show", "FILE.plan", "show a plan file as plan did; touches nothing",
     OPTIONS_REPORT | OPTIONS_SHOW | CHANGES,
     "Shows a plan file as plan showed it, with its age, manifests, accounts, options and the "
     "selection that it was made with, and writes its reports, any format, any time. What has "
     "changed at SES or in DNS since, mailfrom apply --plan FILE --dry-run shows.",
     "mailfrom show fleet.plan --report html:plan.html"},
    {"rehearse", "MANIFEST...", "apply in virtual time: how long it takes; touches nothing",
     OPTIONS_REHEARSE | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | ROWS,
     "Runs the engine of apply against a simulated SES and DNS, in virtual time, and prints a "
     "forecast. Every simulated identity exists, is verified and has no MAIL FROM; SES allows "
     "--rate. Equal seeds give equal bytes.\n"
     "Exit code 3: some identities would not be done, or not within a year.",
     "mailfrom rehearse fleet.yaml --dns-delay 1h..2d --faults throttle=0.1"},
    {"apply", "MANIFEST...", "carry out: set, wait for DNS and SES, tighten; write reports",
     CARRIED | OPTIONS_YES | OPTIONS_APPLY | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | CHANGES,
     "Carries the manifests out. Every write is kept in the journal before it is sent. Asks "
     "before the first write unless --yes. Ctrl-C stops cleanly; mailfrom resume goes on.\n"
     "With --plan FILE it carries out exactly the reviewed plan, without a manifest: an "
     "identity whose facts have moved since is drifted, one without a planned change is left.\n"
     "With --publish it also creates the DNS records that are missing, where dns.publish says "
     "how.\n"
     "With --submit it only puts the run into a shared journal (postgresql://...): mailfrom work "
     "carries it, there or anywhere.",
     "mailfrom apply fleet.yaml --report csv:done.csv"},
    {"resume", "[RUN]", "go on with a run that was interrupted or partly failed",
     CARRIED | OPTIONS_RESUME,
     "Goes on with the oldest unfinished run, or with RUN; where RUN is paused in a living "
     "process, "
     "that goes on. Unanswered writes are read from SES "
     "first. A run goes on in the wave that it had reached. resume --all --no-wait, from cron "
     "say, goes on with every unfinished run in turn.",
     "mailfrom resume --retry-failed"},
    {"work", "[RUN]", "carry lanes of runs in a shared journal, beside other workers",
     OPTIONS_LIVE | OPTIONS_JOURNAL | OPTIONS_WORK,
     "Carries the lanes (account and Region) of the runs in a journal in PostgreSQL, those that it "
     "has credentials for: any number of workers on any machines, one at a time for each lane. "
     "Begins new runs as they are submitted, until it is stopped: a first signal gives its lanes "
     "back, a second one leaves at once. A worker that dies or freezes loses its lanes to others "
     "within half a minute, and no write is sent twice.\n"
     "Exit code with --once: 4, lanes are open still, or stopped: others hold them, --lanes leaves "
     "them out, or this worker or its role of the database cannot carry them.",
     "mailfrom work --journal postgresql:///mailfrom --lanes 'team-a/*'"},
    {"pause", "[RUN]", "hold the writes of a run that is under way", OPTIONS_JOURNAL,
     "Tells the run that another process carries out to begin no write until mailfrom resume. "
     "What is written already is followed, SES and DNS are read, and deadlines run on. It is kept "
     "in the journal who paused the run, and status says so.\n"
     "The order goes through a socket beside the journal, so it is given on the same machine, by "
     "the user of the run or by root. With a shared journal it is a row there, given from "
     "anywhere.",
     "mailfrom pause"},
    {"pace", "[RUN] --rate N", "change the rate of calls of a run that is under way",
     OPTIONS_JOURNAL | OPTIONS_PACE,
     "Sets how many calls a second the run makes of each action in each account and Region, from "
     "now on and after a crash, until another pace or resume --rate. Never more than SES was "
     "found to allow; a provider of DNS is never asked more often than it takes.",
     "mailfrom pace 3 --rate 0.5"},
    {"stop", "[RUN]", "end a run that is under way cleanly, as Ctrl-C there does",
     OPTIONS_JOURNAL | OPTIONS_STOP,
     "Begins nothing more, awaits the calls on their way and ends the process; mailfrom resume "
     "goes on. With --now it leaves at once, as at a second Ctrl-C: the journal has what was on "
     "its way.",
     "mailfrom stop 3"},
    {"rollback", "RUN", "put back what a run changed",
     CARRIED | OPTIONS_YES | OPTIONS_ROLLBACK | CHANGES,
     "Puts every identity that RUN changed back to its values before the run, or to the default "
     "MAIL FROM. An identity that another operator has changed since is left alone; later runs of "
     "this journal are taken back first, or together by --through.\n"
     "A rollback is a run of its own: it can be resumed, reported and rolled back.",
     "mailfrom rollback 3 --to previous"},
    {"status", "[RUN]", "one screen: what waits for what",
     OPTIONS_JOURNAL | OPTIONS_LISTEN | OPTIONS_STATUS | ROWS,
     "Shows where RUN stands, or the run under way, or the newest, and names those unfinished. "
     "Reads the journal only, so it disturbs no run.\n"
     "--watch follows a run of another process, with --listen on a live page as well; --format "
     "json prints it for programs.",
     "mailfrom status --watch"},
    {"report", "RUN", "write reports again from the journal",
     OPTIONS_JOURNAL | OPTIONS_REPORT | ROWS,
     "Writes the reports of a run, any format, any time. The same journal gives the same bytes.\n"
     "Without --report, a terminal gets the verdict, and a pipe or a file CSV.",
     "mailfrom report 3 --report json:run3.json"},
    {"records", "MANIFEST...|RUN", "the DNS records that the owners must publish",
     OPTIONS_JOURNAL | OPTIONS_RECORDS | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | ROWS,
     "Writes one MX and one SPF record for each MAIL FROM, by zone, in the format of the "
     "owner's DNS. With --missing or --live, DNS is asked first: for the true zones, and for SPF "
     "records to merge SES into. Otherwise the zone is the organizational domain, or the one of "
     "--zone.\n"
     "Exit code 3: some names need a person first.",
     "mailfrom records fleet.yaml --missing --format nsupdate"},
    {"due", "MANIFEST...|RUN", "who still has to publish what, since when and until when",
     OPTIONS_JOURNAL | OPTIONS_DUE | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | ROWS,
     "Asks DNS for the records of a manifest or a run, and shows by zone what is missing, wrong or "
     "blocked, whom to ask, since when it has been asked for, the deadline, and what was published "
     "since the last look. A look is remembered beside the journal. --out writes a message for "
     "each owner, with the files of the zones; nothing is sent.\n"
     "Exit code 3: some records need a person first.",
     "mailfrom due fleet.yaml --since yesterday --out due-today"},
    {"publish", "MANIFEST...", "create the DNS records that are missing, at their provider",
     OPTIONS_LIVE | OPTIONS_JOURNAL | OPTIONS_REPORT | OPTIONS_LISTEN | OPTIONS_YES |
         OPTIONS_SUBMIT | OPTIONS_PUBLISH | OPTIONS_MANIFEST | OPTIONS_COMPLAINTS | ROWS,
     "Creates the MX and SPF record of each MAIL FROM at Route 53, by RFC 2136 or at Cloudflare: "
     "the manifest says under dns.publish who can write which zones. It shows each zone and each "
     "record first, and asks. It creates only: a record set that is there is never replaced, "
     "except "
     "an SPF record with --merge-spf. The zone is the one that DNS delegates to. Each change is "
     "kept "
     "in the journal before it is sent, and read back at every authority.\n"
     "Exit code 3: some record sets are left to a person, were refused or failed.",
     "mailfrom publish fleet.yaml --dry-run"},
    {"withdraw", "RUN", "take back the record sets that a run created",
     OPTIONS_LIVE | OPTIONS_JOURNAL | OPTIONS_REPORT | OPTIONS_LISTEN | OPTIONS_YES |
         OPTIONS_SUBMIT | OPTIONS_WITHDRAW,
     "Removes what RUN created, only where it is still exactly that, only when no identity has the "
     "MAIL FROM any more by a read of SES just now, and not within five days of its last use, for "
     "bounces of mail on its way still go there. An SPF record that was merged stays.\n"
     "Exit code 3: some record sets are left.",
     "mailfrom withdraw 4 --dry-run"},
    {"watch", "MANIFEST...|RUN", "look at SES and DNS, once or for ever: what is not as wanted",
     OPTIONS_LIVE | OPTIONS_JOURNAL | OPTIONS_LISTEN | OPTIONS_WATCH | OPTIONS_MANIFEST | ROWS,
     "Looks at every identity in SES, a hundred a call, and in DNS at the authorities, and names "
     "only what is not as wanted: status, name and behavior, MX, SPF, DMARC, verification. Writes "
     "nothing to SES, and runs beside an apply. What is wrong since when is remembered beside the "
     "journal; outputs are told of changes alone, once they last.\n"
     "Exit code 0: the look shows all well; 3: it does not; 1: it could not look; 4: stopped.",
     "mailfrom watch fleet.yaml --every 15m --events watch.jsonl"},
    {"journal", "init|migrate|copy FROM TO", "make, bring up to date and copy journals",
     OPTIONS_JOURNAL,
     "init makes the tables and the roles of a journal that workers share, in the database of "
     "--journal postgresql://HOST/DATABASE; migrate brings the tables of an older program up to "
     "date. copy writes the runs of one journal into another, files or databases, and compares "
     "both row by row. The journal FROM is left as it is. A run is copied once, so a copy that "
     "was cut off is begun again; one that a process carries out is stopped first.",
     "mailfrom journal copy .mailfrom/journal.db postgresql:///mailfrom"},
    {"evidence", "[DIR|FILE...] [RUN]",
     "what receivers report: aligned mail before and after a run",
     OPTIONS_JOURNAL | OPTIONS_REPORT | OPTIONS_EVIDENCE,
     "Reads the DMARC aggregate reports that receivers send to the rua address of a domain, and "
     "shows per From domain and day how much of the mail through SES was aligned by SPF and by "
     "DKIM; with RUN, before and after that run of apply or rollback, and who still fails, with "
     "which MAIL FROM. Asks nobody. Reports: csv, json, and html with a chart for each domain.\n"
     "Exit code 3: some files or reports could not be read.",
     "mailfrom evidence --dmarc-reports reports/ 3 --report html:out.html"},
    {"inspect", "NAME...", "ask DNS about MAIL FROM names: MX, SPF, DMARC", OPTIONS_INSPECT,
     "Asks DNS about MAIL FROM names, many at a time: MX, SPF with all its lookups, and "
     "with --from DOMAIN the alignment of DMARC by RFC 9989 and RFC 7489. A NAME may be @FILE or "
     "- for one name a line. SES is not asked.\n"
     "Exit code 3: some name would be refused, such as one that receives mail, or some question "
     "has no answer.",
     "mailfrom inspect bounce.example.com --from example.com"},
    {"explain", "[RULE|STATE]", "what a finding, state or problem means and how to mend it",
     OPTIONS_NONE,
     "Prints the page of a rule (receives-mail), of a state (refused, waiting-dns, or SES's "
     "FAILED) or of a problem that watch tells (mx-gone); without one, the list of all.",
     "mailfrom explain mx-wrong-suffix"},
    {"completion", "bash|zsh|fish", "print the completion script of a shell", OPTIONS_NONE,
     "Prints a script for the shell's completion of verbs, options and their values. The packages "
     "install it; elsewhere put the line of the example into the shell's start-up file. "
     "The script asks \"completion profiles\" for the AWS profiles and \"completion runs\" for "
     "the journal's runs.",
     "source <(mailfrom completion bash)"},
    {NULL, NULL, NULL, OPTIONS_NONE, NULL, NULL},
};

const struct verb_row *verb_row_find(const char *name)
{
    const struct verb_row *row = verb_rows;
    while (row->name && strcmp(row->name, name) != 0)
        row++;
    return row->name ? row : NULL;
}

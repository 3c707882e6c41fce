/*
 * Every bound of the program, each with its reason. A full queue is a state, not an error.
 */
#ifndef MF_BOUNDS_H
#define MF_BOUNDS_H

/* names */
#define NAME_LEN_MAX    1024 /* an address has at most 320, a domain 253 (RFC 5321, 1035) */
#define NAMES_BYTES_MAX (1024u << 20) /* a million identities with their MAIL FROM need 60 MB */

/* manifests (reliability: libyaml 0.2.5 is quadratic in depth and has no bound of its own) */
#define MANIFEST_DEPTH_MAX       64
#define MANIFEST_BYTES_MAX       (512u << 20) /* 1,000,000 three-key entries are 116 MB */
#define OWNER_LEN_MAX            254 /* of the owner of a zone: an address (RFC 5321, section 4.5.3) */
#define MANIFEST_SCALAR_MAX      4096 /* one value; far above any name */
#define MANIFEST_INCLUDES_MAX    1024
#define MANIFEST_PATTERN_MAX     100000 /* folder entries that one include pattern may look at */
#define MANIFEST_KEPT_EVENTS_MAX 100000 /* of anchored values in a file; they are defaults */
#define MANIFEST_KEPT_BYTES_MAX  (4u << 20) /* their texts */
#define MANIFEST_UNFOLD_FIRST    100000     /* events that aliases may bring in any file, and ... */
#define MANIFEST_UNFOLD_TIMES    10   /* ... beyond: an entry of six events merges eight keys */
#define MANIFEST_COMPLAINTS_MAX  1000 /* kept; further ones are counted */
#define COMPLAINTS_SHOWN         50 /* without --all: two screens, and the first ones show the kind */
#define MANIFEST_TIMEOUT_MAX     (365ll * 24 * 3600 * 1000000) /* us; a longer one is a slip */
#define IDENTITIES_MAX           4000000
#define ACCOUNTS_MAX             4096
#define LANES_MAX                8192
#define ACCOUNTS_LISTED_MAX      100000 /* of an organization; AWS grants ten thousand */
#define POLICIES_MAX             65535
#define PROVIDERS_MAX            1024 /* of DNS: a large house has one for each account of its zones */
#define PROVIDER_ZONES_MAX       10000 /* patterns of one provider: their text is in the journal */

/* infrastructure code: Terraform states, CloudFormation templates */
#define MANAGED_BYTES_MAX  (512u << 20) /* as of a manifest; 100,000 identities are 300 MB */
#define MANAGED_DEPTH_MAX  128          /* of JSON; templates nest functions some 20 deep */
#define MANAGED_FAULTS_MAX 1000         /* kept of a file; further ones are counted */
#define STATES_MAX         64           /* --terraform-state: a state for each team or account */

/* SES */
#define SES_BATCH_MAX   100   /* identities per v1 Get...Attributes call */
#define SES_LIST_PAGE   1000  /* MaxItems of ListIdentities */
#define SES_ADVICE_PAGE 100   /* PageSize of ListRecommendations */
#define LIST_PAGES_MAX  10000 /* of one listing; SES allows ten thousand identities at first */
#define LIST_EMPTY_MAX                                                                             \
    100 /* pages in a row that list nothing: AWS lets lists have such pages, but for filters, and  \
           none here has one */
#define HTTP_BODY_MAX   (4u << 20) /* 100 entries are under 64 KB; 1,000 listed under 400 KB */
#define HTTP_HEADER_MAX (64u << 10)
#define REQUEST_BODY_MAX                                                                           \
    (1u << 20) /* 100 percent-encoded addresses are under 100 KB; a batch of Route 53 with 1,000   \
                  sets of the longest names is under 700 KB */
#define REPLY_CODE_LEN    64
#define REPLY_MESSAGE_LEN 512

/* the engine */
#define RATE_MIN 0.01    /* calls per second: one in 100 s still makes progress */
#define RATE_MAX 10000.0 /* no account is granted as much */
#define READ_BEFORE_WRITE_MAX                                                                      \
    60000000ll /* us; greatest age of the read before a write: a read of a hundred identities      \
                  serves forty-five seconds of writes at the documented rate */
#define WRITE_LEAVES_MAX                                                                           \
    5000000ll /* us; from the hand-over of a write until it leaves: a new connection with TLS      \
                 takes less, on the worst of lines too */
#define MX_BEFORE_TIGHTEN_MAX                                                                      \
    5000000ll /* us; REJECT_MESSAGE is written at most so long after DNS showed the MX: a lane of  \
                 one write a second asks as each turn comes */
#define CALLS_IN_FLIGHT_MAX                                                                        \
    1024 /* calls of all lanes; a lane needs its rate times its round trip */
#define PREFLIGHT_PAGES_MAX                                                                        \
    64 /* first pages of lists that preflight keeps for the run, under 400 KB each; of further     \
          lanes the page is asked for again, which is one call each */
#define RETRY_AFTER_MAX                                                                            \
    (300ll * 1000000) /* us; a bucket of SES is full again in seconds, and more stops a lane */
#define INVENTORY_CALLS_MAX 256 /* out at once: 100 calls a second, 2.5 s each */
#define DNS_WINDOW          100 /* questions in flight; above 200 UDP drops and false time-outs */
#define DNS_AUTHORITIES_WINDOW                                                                     \
    512 /* likewise, where many authorities share them: each gets few (DNS_SERVER_OUT_MAX) */
#define EVENTS_PER_TURN_MAX  1024
#define RECORDS_PER_TURN_MAX 4096 /* one commit; also bounds the unsure jobs after a crash */

/* publish */
#define PUBLISH_NAMES_MAX      500 /* of a Route 53 batch: 1,000 ResourceRecord elements, two a name */
#define PUBLISH_CHARACTERS_MAX 30000 /* of all values of a Route 53 batch, which allows 32,000 */
#define PUBLISH_PLAN_BYTES_MAX (256u << 20) /* a plan file of a million names */
#define PUBLISH_BODY_SHOWN_MAX (8u << 20)   /* one request, each byte of it escaped */
#define CLOUDFLARE_NAMES_MAX   100 /* of a Cloudflare batch: 200 records on the free plan */

/* DNS */
#define DNS_MESSAGE_MAX     65535
#define DNS_RECORDS_MAX     256  /* kept of a message; a MAIL FROM name has two */
#define DNS_POINTERS_MAX    64   /* compression pointers followed in one name */
#define DNS_TXT_LEN_MAX     4096 /* kept of one TXT record that is no policy, strings joined */
#define INQUIRY_HOSTS_MAX   13   /* name servers of one zone: as many as the root has */
#define INQUIRY_SERVERS_MAX 26   /* addresses asked in one inquiry: two for each name server */
#define INQUIRY_BYTES_MAX   (4u << 20) /* 64 answers of the largest size a server can send */

#define DNS_SERVER_OUT_MAX  32      /* questions out at one authority: a third of our window */
#define DNS_SERVER_RATE_MAX 200     /* a second at one authority: NSD's limit for one source */
#define SERVER_LIMIT_ROWS   256     /* of 8: 2,048 servers, 20 times the window */
#define INSPECT_NAMES_MAX   1000000 /* names in one call: a fleet's, from a file */
#define INSPECT_AHEAD_MAX   4096    /* verdicts held back until the names before are done */

/* AWS */
#define SIGN_HEADERS_MAX   32           /* SES needs four, the signing suite seven */
#define SIGN_QUERY_MAX     32           /* parameters; SES needs two */
#define SIGN_TEXT_MAX      (256u << 10) /* a canonical request holds the path and an 8 KB token */
#define XML_DEPTH_MAX      32           /* SES answers are six deep, DMARC reports five */
#define XML_ATTRIBUTES_MAX 64           /* of one element; nobody here reads any */
#define XML_PENDING_MAX                                                                            \
    (256u << 10) /* one tag or comment that has not ended: expat begins it anew with each piece */
#define XML_TEXT_MAX                                                                               \
    (256u << 10) /* content of one element: Route 53 has what it finds in 1,000 changes in one */
#define JSON_DEPTH_MAX   32     /* SES answers are four deep */
#define JSON_NODES_MAX   200000 /* 1,000 listed identities are 5,000; 64 bytes each in memory */
#define JSON_MEMBERS_MAX 512    /* of one object; GetEmailIdentity has about 15 */
#define CREDENTIAL_FILE_MAX                                                                        \
    (16u << 20) /* ~/.aws/config: 4,500 generated SSO profiles, one for each account and role, are \
                   1.2 MB; read and searched within 0.1 s at the bound */
#define INI_ENTRIES_MAX       (1u << 20)  /* lines of one INI file: one for each 16 bytes of it */
#define CREDENTIAL_ANSWER_MAX (64u << 10) /* an answer with keys: STS sends under 16 KB */
#define WEB_TOKEN_MAX         20000       /* STS takes no longer one */
#define ROLE_CHAIN_MAX        8           /* roles in one chain; people use two */
#define COMMAND_LEN_MAX       16384       /* a credential_process line with its arguments */
#define COMMAND_ARGUMENTS_MAX 256
#define SSO_TOKEN_S_MAX       (90 * 86400) /* a session lasts at most 90 days */
#define PATH_LEN_MAX          4096         /* Linux opens no longer one (PATH_MAX) */

/* SPF (RFC 7208, section 4.6.4) and DMARC */
#define LOOKUP_ALIASES_MAX     10 /* CNAMEs of one look-up; resolvers give up at 8 to 16 */
#define SPF_LOOKUPS_MAX        10
#define SPF_VOID_LOOKUPS_MAX   2
#define SPF_NAMES_MAX          10          /* names of one mx or ptr */
#define SPF_SURVEY_LOOKUPS_MAX 50          /* far enough over the limit to say by how much */
#define SPF_EXPANSION_MAX      (16u << 10) /* one macro-string; a domain needs 253 */
#define SPF_MEMORY_MAX         (2u << 20)  /* one check; an ordinary one needs under 16 KB */
#define SPF_TROUBLES_MAX       3           /* look-ups without an answer that a survey steps over */
#define SPF_NETWORKS_MAX       8192        /* of one survey; the widest records in use have 500 */
#define SPF_WIDE_IP4_BITS      7 /* two /8: the largest owners of addresses have one, and more ... */
#define SPF_WIDE_IP6_BITS      15  /* ... or than two /16, of IPv6, are networks of strangers */
#define SPF_LEN_ADVISED        450 /* octets (RFC 7208, section 3.4) */
#define DMARC_NAMES_MAX        20  /* two walks of 8 (RFC 9989), 2 by RFC 7489, existence */
#define DMARC_MEMORY_MAX       (2u << 20) /* 20 replies of 64 KB; ordinary ones have 200 bytes */

/* DMARC aggregate reports, which strangers send by mail: RFC 7489 thinks of 10 MB, hosts take 50 */
#define EVIDENCE_FILES_MAX   1000000        /* of one folder and all below: reports of years */
#define EVIDENCE_NAMES_BYTES (256u << 20)   /* their names: a million of 200 bytes */
#define EVIDENCE_FOLDERS_MAX 32             /* folders in folders; each holds a descriptor */
#define EVIDENCE_FILE_MAX    (1024ll << 20) /* one file on the disk: a report of a million rows */
#define EVIDENCE_ZIP_MAX                                                                           \
    (64ll << 20) /* one zip: its directory is read as a whole, 300 bytes of memory for each 46 */
#define EVIDENCE_MEMBERS_MAX  100000         /* of one zip */
#define EVIDENCE_UNPACKED_MAX (1024ll << 20) /* one report without its packing */
#define EVIDENCE_RATIO_FIRST  (1ll << 20)    /* what any file may unpack to, and beyond ... */
#define EVIDENCE_RATIO_MAX    200     /* ... so many times its size: reports pack 10 to 60 to one */
#define EVIDENCE_ROWS_MAX     2000000 /* of one report: 100 MB in memory */
#define EVIDENCE_TEXT_MAX                                                                          \
    (64u << 10)                   /* one value; strangers choose some, and may not spoil the rest */
#define EVIDENCE_ID_MAX       512 /* a report_id; the longest in use have 100 */
#define EVIDENCE_REPORTER_MAX 255 /* an org_name */
#define EVIDENCE_TEXTS_MAX    (512u << 20) /* the distinct texts of one report */
#define EVIDENCE_SEEN_MAX     (256u << 20) /* ids of reports in one reading: three million */
#define EVIDENCE_COUNT_MAX                                                                         \
    10000000000u /* messages of a row: 100,000 a second for a day; sums stop at UINT64_MAX */
#define EVIDENCE_SPAN_MAX (31ll * 24 * 3600 * 1000000) /* us; most span a day, some a week */

/* journal and files */
#define JOURNAL_COMMIT_ROWS 1000  /* rows per commit on import */
#define JOURNAL_WAL_PAGES   16384 /* 64 MB of log, copied by a reader and read by a restart */
#define JOURNAL_COPY_TRIES  5     /* a try fails only when a checkpoint interferes */
#define JOURNAL_FETCH_ROWS  256   /* rows asked for at once: a store may be a round trip away */
#define RECORD_BYTES_MAX    (4u << 20) /* one record's texts: 30 findings of 1 KB are far below */
#define RING_AFTER          60         /* seconds: who started a longer run has looked away */
#define LINE_LEN_MAX        65536
#define JUDGEMENT_BYTES_MAX (256u << 10) /* notes of one identity: 32 of 1 KB, with room */
#define PLAN_LINE_MAX       (256u << 10) /* a row with its findings, the options under 64 KB */
#define REPORT_CHUNK        (64u << 10)  /* bytes per write(2) of a report */
#define REPORT_CHUNK_MAX    (64u << 20)  /* a chunk and the row beyond its size */
#define REPORT_PART_TRIES   100   /* names for the file beside; more are left only by many kills */
#define LINKS_FOLLOWED_MAX  40    /* from the name of a report to its file, as the kernel has it */
#define HTML_ROWS_MAX       10000 /* a browser filters and sorts so many in a blink */
#define GROUPS_MAX          4096  /* kinds of rows a report tells apart; the rest is counted */
#define HTML_PART_ROWS      100   /* rows laid out together when scrolled into sight */
#define HTML_GROUPS_MAX     200   /* groups on one page: more would be no overview */
#define SARIF_RESULTS_MAX   25000 /* GitHub refuses a file with more */
#define MARKDOWN_MAX        60000 /* bytes; GitHub takes 65,536 characters in a comment */
#define MARKDOWN_CELL_MAX   300   /* characters of one cell; the CSV has the whole value */
#define MARKDOWN_ROW_MAX                                                                           \
    9000 /* a folded group's head: three texts, a character escaped to five; a row with warnings   \
          */
#define MARKDOWN_TAIL_MAX 3000 /* headings of groups without room for rows */

/* records for DNS owners */
#define SELECTION_VALUES_MAX                                                                       \
    128 /* --only, --exclude, ... together: more belong into a manifest                            \
         */
#define RECORDS_INDEX_MAX        (64u << 20) /* of a folder: a hundred thousand zones need 10 MB */
#define RECORDS_ZONES_MAX        64 /* --zone options; live DNS finds more zones by itself */
#define RECORDS_VALUE_MAX        (64u << 10) /* one value: 4,096 octets, four characters for each */
#define ROUTE53_VALUE_MAX        4000        /* one Value (Route 53, "Quotas on records") */
#define ROUTE53_BATCH_RECORDS    1000        /* ResourceRecord elements of a batch */
#define ROUTE53_BATCH_CHARACTERS 32000       /* characters in the Value elements of a batch */

/* evidence: reports come from strangers, who may put any name and any number into them */
#define EVIDENCE_DOMAINS_MAX                                                                       \
    500000 /* From domains: a forger can make up subdomains of a fleet of a hundred thousand */
#define EVIDENCE_DAYS_MAX                                                                          \
    2000000 /* days of domains, 112 bytes each: 3,000 domains for almost two years */
#define EVIDENCE_SENDERS_MAX        500000  /* MAIL FROMs of mail that SPF did not align */
#define EVIDENCE_DOMAIN_SENDERS_MAX 200     /* of one From domain: forwarders have many names */
#define EVIDENCE_ADDRESSES_MAX      2000000 /* source addresses of these; SES has 50,000 or so */
#define EVIDENCE_NAMES_BYTES_MAX                                                                   \
    (256u << 20)                      /* of a table: a million names of the longest kind           \
                                       */
#define EVIDENCE_PATHS_MAX        64  /* --dmarc-reports options; a folder holds any number */
#define EVIDENCE_CHARTS_MAX       100 /* on a page: more of them are a page that scrolls badly */
#define EVIDENCE_CHART_DAYS_MAX   400 /* of a chart: a bar of two pixels each */
#define EVIDENCE_COMPLAINTS_SHOWN 20  /* of damaged reports, without --all: one screen */

/* the live page */
#define PAGE_STREAMS_MAX 256 /* browsers that look on at once; 200 are promised */
#define PAGE_CONNECTIONS_MAX                                                                       \
    512 /* a browser has one for events, and one or two for searches, which end by themselves */
#define PAGE_CONNECTION_BYTES                                                                      \
    (16u << 10)                /* of a request's head: a browser sends 1 KB, with cookies 4 */
#define PAGE_BODY_MAX     4096 /* of a request: a token of 256 characters, each as %XX */
#define PAGE_NAMES_MAX    16   /* host names of a page: people use one or two */
#define PAGE_TOKEN_MIN    16   /* characters: 62^16 are not guessed over HTTP */
#define PAGE_TOKEN_MAX    256
#define PAGE_SEARCH_MAX   320 /* bytes looked for: the longest address */
#define PAGE_ROWS_USUAL   100 /* of one answer: what a browser lays out in a blink */
#define PAGE_ROWS_MAX     500
#define PAGE_ANSWER_BYTES (1u << 20)  /* of one answer with rows: fewer rows are given then */
#define PAGE_DOCUMENT_MAX (16u << 20) /* index page, status, metrics, one event */
#define PAGE_ANSWERS_MAX  (64u << 20) /* answers on their way at once; further ones are refused */

/* providers of DNS */
#define ROUTE53_PAGE_ZONES       100 /* MaxItems of ListHostedZonesByName (its model) */
#define ROUTE53_PAGE_SETS        20 /* sets asked for at one name; further ones are of other names */
#define CLOUDFLARE_PAGE_ZONES    50   /* per_page of GET zones, its maximum */
#define CLOUDFLARE_PAGE_RECORDS  100  /* per_page of GET dns_records at one name */
#define CLOUDFLARE_BATCH_RECORDS 200  /* records of one batch in a zone of the Free plan */
#define PROVIDER_FAULTS_MAX      1000 /* kept of one refusal: as many as a batch has changes */

/* dynamic updates of DNS (RFC 2136) */
#define UPDATE_NAMES_MAX 50          /* of one message: 100 sets with their prerequisites, 30 KB */
#define TSIG_FILE_MAX    (64u << 10) /* a file with one key has 150 bytes */

/* notifications */
#define NOTIFY_QUEUE_MAX   16384       /* events of one output: 10,000 identities change at once */
#define NOTIFY_BYTES_MAX   (16u << 20) /* and their bytes: 1,000 each */
#define NOTIFY_HOOKS_MAX   8           /* each has a thread */
#define NOTIFY_HTTP_MAX    8           /* webhooks: each has a thread and a connection */
#define NOTIFY_SAYINGS_MAX 64          /* sentences that wait for the notices; more are counted */
#define NOTIFY_URL_MAX     2048        /* of a webhook: those of Teams have 400 characters */
#define HOOK_OUTPUT_MAX    2000        /* bytes of a hook's output that are shown */
#define WEBHOOK_ANSWER_MAX (64u << 10) /* body of an answer, which nobody reads */

/* the wire, per carrier */
#define HTTPS_TRANSFERS_MAX                                                                        \
    128 /* requests out at once, and so connections, to one host too, since all lanes of a host    \
           take one carrier: 50 accounts at a call a second, each answered after two seconds */
#define HTTPS_SHARE_MIN    4 /* of these that a host may always have: one that hangs takes not all */
#define DNS_CARRIER_WINDOW 256 /* questions out at once; more questions wait: half of all */
#define UPDATES_OUT_MAX    4   /* connections at once: a server of DNS takes 100 or so of all */
#define DNS_CHANNELS_MAX   288 /* servers known at once: over the window, so one is always idle */
#define DNS_RESOLVERS_MAX  8   /* servers in --resolver */

#define REFRESHERS_MAX 16 /* sources asked for keys at once; each hangs for a minute at most */

/* ses-sim */
#define SIM_HEADERS_MAX     64   /* of one request; the AWS CLI sends nine */
#define SIM_FIELDS_MAX      4096 /* of one form; 100 identities are 102 */
#define SIM_QUERY_MAX       64   /* parameters of one query string; SES knows two */
#define SIM_KEYS_MAX        16384 /* of the file and given out by AssumeRole: one a second for 4 hours */
#define SIM_TABLE_MAX       (1024u << 20) /* a million identities are about 100 MB */
#define SIM_LOOKUPS_MAX     100           /* MX questions out at once: above 200 UDP drops some */
#define SIM_DELAYED_MAX     4096          /* answers held back by faults at once */
#define SIM_CONNECTIONS_MAX 4096
#define SIM_METERS_MAX      1024 /* accounts of Route 53 and tokens of Cloudflare that called */
#define SIM_CHANGES_MAX     4096 /* changes that GetChange still knows: minutes of them */
#define SIM_BODY_MAX        (1u << 20)  /* 3,500 records of a batch are about 600 KB */
#define SIM_SCRIPT_S_MAX    3155760000u /* of a row of --script: a hundred years */
#define SIM_PAST_MAX        16384 /* changes an old copy may lack: a hundred a second for minutes */

#endif

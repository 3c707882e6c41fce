"""Bugs to plant into the engine, each of which the simulation must find. A bug is what a careless
change could have done: a file below engine/, what is wrong then, and replacements of its text, each
of which must match exactly once."""

BUGS = [
    ("engine.c", "calls leave before the turn's records are durable", [
        ("    const struct record *records = desk_records(desk, &records_len);\n",
         "    const struct record *records = desk_records(desk, &records_len);\n"
         "    if (calls_len)\n        io->send(io->world, t->calls, calls_len);\n"),
        ("    if (calls_len)\n        io->send(io->world, t->calls, calls_len);\n    return OK;",
         "    return OK;")]),
    ("engine.c", "an intent may be kept some turns after its write has left", [
        ("return changes_world(t, calls_len) || !desk_has_room", "return !desk_has_room")]),
    ("engine.c", "a journal that fails is ignored", [
        ("        if (err != OK)\n            return err;\n        desk_turn_end",
         "        desk_turn_end")]),
    ("core/desk_write.c", "a write has no record of its intent", [
        ("desk_record(d, number, RECORD_INTENT, ", "desk_record(d, number, RECORD_MOVE, ")]),
    ("core/desk_write.c", "a write goes to the first lane, whatever the job's", [
        ("desk_call_to(d, d->fleet->choices[number].lane, CALL_SET)",
         "desk_call_to(d, 0, CALL_SET)")]),
    ("core/desk_look.c", "the looks of a lane whose reads fall back are forgotten", [
        ("        queue_push_front(d, &lane->look[s->kind], s->jobs[i - 1], now);", "        continue;")]),
    ("core/desk_write.c", "a throttled write is queued twice", [
        ("    desk_apply(d, number, &decision, now, NULL);\n    if (verdict == VERDICT_DENIED)",
         "    desk_apply(d, number, &decision, now, NULL);\n"
         "    if (verdict == VERDICT_SLOW_DOWN)\n"
         "        queue_push(d, &desk_lane_of(d, number)->write, number, now);\n"
         "    if (verdict == VERDICT_DENIED)")]),
    ("core/step.c", "a write whose answer was lost is sent again blindly", [
        ("d = decide(s, JOB_UNSURE);", "d = decide(s, JOB_READY);")]),
    ("core/step.c", "a read that lags behind is taken for somebody else's change", [
        ("if (is_stale(s, ses))", "if (false)"), ("if (is_own_late_clear(s, ses))",
         "if ((void)is_stale, (void)follow_unseen, is_own_late_clear(s, ses))")]),
    ("core/step.c", "a write whose answer was lost is taken for accepted", [
        ("    case VERDICT_OK: return accepted(s);\n",
         "    case VERDICT_OK:\n    case VERDICT_UNSURE: return accepted(s);\n"),
        ("    case VERDICT_UNSURE: /* looking is harmless, and the sooner the better */\n", "")]),
    ("core/step.c", "REJECT_MESSAGE is written with the name", [
        ("write == WRITE_TIGHTEN ? s->policy->behavior", "!clears ? s->policy->behavior")]),
    ("core/step.c", "a job that is resumed is tightened before Success", [
        ("settled ? WRITE_TIGHTEN : WRITE_NOTHING", "WRITE_TIGHTEN")]),
    ("core/step.c", "Pending is taken for Success", [
        ("bool is_enough = ses->status == MAIL_FROM_SUCCESS",
         "bool is_enough = ses->status != MAIL_FROM_FAILED")]),
    ("core/step.c", "TemporaryFailure is taken for Success", [
        ("bool is_enough = ses->status == MAIL_FROM_SUCCESS",
         "bool is_enough = ses->status == MAIL_FROM_TEMPORARY_FAILURE || "
         "ses->status == MAIL_FROM_SUCCESS")]),
    ("core/step.c", "Success of another name counts", [
        ("    if (!dname_eq(ses->mail_from, s->wanted)) {\n        if (state",
         "    if (!is_enough && !dname_eq(ses->mail_from, s->wanted)) {\n        if (state")]),
    ("core/step.c", "what has drifted is overwritten", [
        ("return guards && s->job->writes == 0", "return false && guards && s->job->writes == 0")]),
    ("core/step.c", "what SES has given up is never set again", [
        ("if (ses->status == MAIL_FROM_FAILED && s->policy->until",
         "if (false && s->policy->until"),
        ("return ses->status == MAIL_FROM_FAILED ? looked_failed(s) : follow(s, ses->status);",
         "return follow(s, ses->status);")]),
    ("core/step.c", "what SES gives up again is set up anew for ever", [
        ("    if (s->job->restarts >= RESTARTS_MAX)\n        return finish",
         "    if (false)\n        return finish")]),
    ("core/step.c", "errors of the rules are ignored", [
        ("    if (errors) {\n        d = finish", "    if (false) {\n        d = finish")]),
    ("core/step.c", "the deadline of DNS is ignored", [
        ("        return finish(s, OUTCOME_WAITING_DNS, reason);\n"
         "    if (s->now >= s->job->deadline)",
         "        return finish(s, OUTCOME_WAITING_DNS, reason);\n    if (false)")]),
    ("core/desk.c", "a job that was written before is never written again", [
        ("        queue_push(d, d->jobs[job].writes ? &lane->write : &lane->start, job, now);",
         "        if (!d->jobs[job].writes)\n            queue_push(d, &lane->start, job, now);")]),
    ("core/desk.c", "the desk does not wake for its lanes", [
        ("        wake = when_earlier(wake, d->lane_wake[i]);", "        wake = when_earlier(wake, wake);")]),
    ("core/desk_dns.c", "an inquiry that waits for a server's manners is dropped", [
        ("        if (a->holding)\n            break;",
         "        if (a->holding) {\n            ask_close(d, a);\n            break;\n        }")]),
    ("core/desk_dns.c", "a job that finds the window of inquiries full is lost", [
        ("wants_to_ask(d) && d->asks_used < ASKS_MAX && d->pool", "wants_to_ask(d) && d->pool"),
        ("        struct ask *a = ask_new(d);\n",
         "        struct ask *a = ask_new(d);\n"
         "        if (!a) {\n            queue_pop(d, next_asking(d));\n            break;\n        }\n")]),
    ("core/pace.c", "calls have no pace", [
        ("    if (now < p->next)\n        return false;\n", "")]),
    ("core/pace.c", "calls have twice the pace", [
        ("(p->next > earliest ? p->next : earliest) + interval(p);",
         "(p->next > earliest ? p->next : earliest) + interval(p) / 2;"),
        ("    if (is_even(p) && held > p->next)\n        p->next = held;\n",
         "    (void)held;\n")]),
    ("core/desk_look.c", "a look that was throttled counts as an empty answer", [
        ("    if (verdict == VERDICT_SLOW_DOWN) {\n        sweep_want(d, s, bit);",
         "    if (verdict == VERDICT_SLOW_DOWN) {\n        (void)bit;")]),
    ("core/desk_look.c", "every job of a batch gets the first one's answer", [
        ("&s->answers[part]->facts[i]", "&s->answers[part]->facts[0]")]),
    ("core/desk_look.c", "by the v2 API, an identity that is not there is an error", [
        ("if (verdict == VERDICT_GONE && call->kind == CALL_GET)", "if (false)")]),
    ("core/desk_open.c", "a resumed job takes what it saw last for the value before", [
        ("desk_name(d, row->mail_from_before)", "desk_name(d, row->mail_from_seen)")]),
    ("core/desk_open.c", "a resumed job forgets that it was written", [
        ("    job->writes = (uint16_t)row->writes;\n", "")]),
    ("core/desk_open.c", "final jobs of a resumed run are counted as new ones too", [
        ("        desk_count(d, record->job, JOB_NEW, JOB_DONE);\n",
         "        d->by_state[JOB_DONE]++;\n")]),
    ("core/desk_waves.c", "a wave is larger by one", [
        ("return !w->paused && w->started < w->size;",
         "return !w->paused && w->started <= w->size;")]),
    ("core/desk_waves.c", "a wave starts while the last one is under way", [
        ("if (w->open == 0 && w->started >= w->size)", "if (w->started >= w->size)")]),
    ("core/desk_waves.c", "an inconclusive wave is followed by the next", [
        ("if (w->expired > 0 && fleet->waves_len > 0) {", "if (false) {")]),
    ("core/desk_waves.c", "the budget of failures is larger by one", [
        ("if (w->failed > w->failed_max)", "if (w->failed > w->failed_max + 1u)")]),
    ("base/heap.c", "who fills a gap in the heap stays there, however late it is due", [
        ("        settle(h, i, last);\n}", "        put(h, i, last);\n}")]),
]

# Each of another kind, and found within a second: for every day.
DAILY = [
    "calls leave before the turn's records are durable",
    "a write whose answer was lost is sent again blindly",
    "REJECT_MESSAGE is written with the name",
    "a wave starts while the last one is under way",
]

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
        ("        queue_push_front(d, &d->lanes[s->lane].look[kind], job, now);",
         "        (void)kind, (void)now;")]),
    ("core/desk_write.c", "a throttled write is queued twice", [
        ("    desk_apply(d, number, &decision, now, NULL);\n    if (verdict == VERDICT_DENIED",
         "    desk_apply(d, number, &decision, now, NULL);\n"
         "    if (verdict == VERDICT_SLOW_DOWN)\n"
         "        queue_push(d, &desk_lane_of(d, number)->write, number, now);\n"
         "    if (verdict == VERDICT_DENIED")]),
    ("core/step.c", "a write whose answer was lost is sent again blindly", [
        ("d = step_decide(s, JOB_UNSURE);", "d = step_decide(s, JOB_READY);")]),
    ("core/step_guard.c", "a read that lags behind is believed at once", [
        ("    return job->accepted > 0 && (is_past || had_failed) &&",
         "    return false && job->accepted > 0 && (is_past || had_failed) &&")]),
    ("core/step.c", "a write whose answer was lost is taken for accepted", [
        ("    case VERDICT_OK: return accepted(s);\n",
         "    case VERDICT_OK:\n    case VERDICT_UNSURE: return accepted(s);\n"),
        ("    case VERDICT_UNSURE: /* looking is harmless, and the sooner the better */\n", "")]),
    ("core/step.c", "REJECT_MESSAGE is written with the name", [
        ("write == WRITE_TIGHTEN ? s->policy->behavior", "!clears ? s->policy->behavior")]),
    ("core/step.c", "a job that is resumed is tightened before Success", [
        ("ses->status == MAIL_FROM_SUCCESS ? WRITE_TIGHTEN : WRITE_NOTHING", "WRITE_TIGHTEN")]),
    ("core/step_follow.c", "Pending is taken for Success", [
        ("bool success = ses->status == MAIL_FROM_SUCCESS;",
         "bool success = ses->status != MAIL_FROM_FAILED;")]),
    ("core/step_follow.c", "TemporaryFailure is taken for Success", [
        ("bool success = ses->status == MAIL_FROM_SUCCESS;",
         "bool success = ses->status == MAIL_FROM_TEMPORARY_FAILURE || "
         "ses->status == MAIL_FROM_SUCCESS;")]),
    ("core/step_follow.c", "Success of another name counts", [
        ("    if (dname_eq(ses->mail_from, s->wanted))\n        return looked_wanted(s, ses);",
         "    if (ses->mail_from.len)\n        return looked_wanted(s, ses);"),
        ("    return step_is_last_known(s, ses) || is_own_late",
         "    return true || step_is_last_known(s, ses) || is_own_late")]),
    ("core/step_guard.c", "what has drifted is overwritten", [
        ("return is_guarded && s->job->accepted == 0", "return false && is_guarded")]),
    ("core/step_guard.c", "a write that was sent counts as one that was taken", [
        ("return is_guarded && s->job->accepted == 0", "return is_guarded && s->job->writes == 0")]),
    ("core/step_guard.c", "without a review, what appears after the first look is overwritten", [
        ("    if (s->guard == GUARD_NONE)\n        return has_appeared(s, ses);",
         "    if (s->guard == GUARD_NONE)\n        return (void)has_appeared, false;")]),
    ("core/desk_ready.c", "a look of any age will do before a write", [
        ("at < SPAN_S(job->read_at_s) + LOOK_BEFORE_WRITE_MAX", "at > 0")]),
    ("core/desk_look.c", "the value before stays the one of the first look", [
        ("    job->before_known = true;\n    job->mail_from_before",
         "    if (job->before_known)\n        return;\n    job->before_known = true;\n"
         "    job->mail_from_before")]),
    ("core/step_follow.c", "a lost write is sent again over whatever is there", [
        ("    if (step_is_last_known(s, ses))\n        return write_again(s);",
         "    return write_again(s);")]),
    ("core/step_follow.c", "what another operator set while SES was followed is set back", [
        ("    if (is_own(s, ses))\n        return looked_own(s, ses);\n    return drifted(s, ses);",
         "    if (is_own(s, ses))\n        return looked_own(s, ses);\n"
         "    return step_ready(s, WRITE_NAME);")]),
    ("core/step.c", "what rejects mail waits for DNS like all others", [
        ("(s->wanted.len == 0 || need.write == WRITE_LOOSEN)) {", "s->wanted.len == 0) {"),
        ("job->write == WRITE_LOOSEN && s->rules->plan_only)", "false)")]),
    ("core/step.c", "an identity is tightened whether the MX is there or not", [
        ("    if (!dns->mx_is_right)\n", "    if (false)\n")]),
    ("core/desk_tighten.c", "everybody is tightened at once", [
        ("return t->canary == CANARY_GOOD ||", "return true || t->canary == CANARY_GOOD ||")]),
    ("core/desk_tighten.c", "the others are tightened although the first left Success", [
        ("    lane->tightening.canary = CANARY_BAD;", "    lane->tightening.canary = CANARY_GOOD;")]),
    ("core/desk_open.c", "a resumed job forgets that SES has taken a write", [
        ("    job->accepted = (uint8_t)(row->accepted", "    job->accepted = 0 * (uint8_t)(row->accepted")]),
    ("core/desk_open.c", "a resumed run begins with its first wave", [
        ("    waves_restore(&d->waves, job->wave, is_final, row->outcome);\n",
         "    if (!is_final && job->wave)\n        d->waves.open++;\n")]),
    ("core/desk_waves.c", "a resumed run has its budget of failures anew", [
        ("    w->failed += is_final && outcome == OUTCOME_FAILED;\n", "")]),
    ("core/desk_lane.c", "one odd answer is believed", [
        ("        l->worked = true;\n", "")]),
    ("core/step.c", "what SES gives up again is set up anew for ever", [
        ("    if (restarting && job->restarts > RESTARTS_MAX)\n", "    if (false)\n")]),
    ("core/step.c", "errors of the rules are ignored", [
        ("    if (errors && !loosens) {", "    if (false) {")]),
    ("core/step.c", "the deadline of DNS is ignored", [
        ("        return step_finish(s, OUTCOME_WAITING_DNS, reason);\n"
         "    if (s->now >= s->job->deadline)",
         "        return step_finish(s, OUTCOME_WAITING_DNS, reason);\n    if (false)")]),
    ("core/desk_ready.c", "a job that was written before is never written again", [
        ("    if (lane->write.len)\n        return &lane->write;\n", "")]),
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
        ("        desk_move(d, record->job, JOB_DONE);\n",
         "        d->by_state[JOB_DONE]++;\n        d->jobs[record->job].state = JOB_DONE;\n")]),
    ("core/desk_waves.c", "a wave is larger by one", [
        ("return !w->paused && w->started < w->size;",
         "return !w->paused && w->started <= w->size;")]),
    ("core/desk_waves.c", "a wave starts while the last one is under way", [
        ("if (w->open == 0 && w->started >= w->size)", "if (w->started >= w->size)")]),
    ("core/desk_waves.c", "an inconclusive wave is followed by the next", [
        ("if (w->expired > 0 && fleet->waves_len > 0) {", "if (false) {")]),
    ("core/desk_waves.c", "the budget of failures is larger by one", [
        ("    w->failed += outcome == OUTCOME_FAILED;\n    if (w->failed > w->failed_max)",
         "    w->failed += outcome == OUTCOME_FAILED;\n    if (w->failed > w->failed_max + 1u)")]),
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

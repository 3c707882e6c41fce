"""Bugs to plant into the engine, each of which the simulation must find. A bug is what a careless
change could have done: a file below engine/, what is wrong then, and replacements of its text, each
of which must match exactly once."""

BUGS = [
    ("engine.c", "calls leave before the turn's records are durable", [
        ("    if (records_len && e->unkept_since == WHEN_NEVER)\n",
         "    if (calls_len)\n        e->io->send(e->io->world, e->calls, calls_len);\n"
         "    if (records_len && e->unkept_since == WHEN_NEVER)\n"),
        ("    if (calls_len)\n        e->io->send(e->io->world, e->calls, calls_len);\n    return OK;",
         "    return OK;")]),
    ("engine.c", "an intent may be kept some turns after its write has left", [
        ("(last || changes_world(e, calls_len) || !has_room(m)", "(last || !has_room(m)")]),
    ("engine.c", "a journal that fails is ignored", [
        ("        if (err != OK)\n            return err;\n        m->turn_end",
         "        m->turn_end")]),
    ("scheduler/writes.c", "a write has no record of its intent", [
        ("scheduler_record(d, number, RECORD_INTENT, ", "scheduler_record(d, number, RECORD_MOVE, ")]),
    ("scheduler/writes.c", "a write that is held up on its way leaves an hour later", [
        ("now + WRITE_LEAVES_MAX);", "now + SPAN_H(1));")]),
    ("scheduler/writes.c", "a write goes to the first lane, whatever the job's", [
        ("scheduler_call_to(d, d->fleet->choices[number].lane, CALL_SET)",
         "scheduler_call_to(d, 0, CALL_SET)")]),
    ("scheduler/reads.c", "the looks of a lane whose reads fall back are forgotten", [
        ("        queue_push_front(d, &d->lanes[s->lane].read[kind], job, now);",
         "        (void)kind, (void)now;")]),
    ("scheduler/writes.c", "a throttled write is queued twice", [
        ("    scheduler_apply(d, number, &decision, now, NULL);\n    if (verdict == VERDICT_DENIED",
         "    scheduler_apply(d, number, &decision, now, NULL);\n"
         "    if (verdict == VERDICT_SLOW_DOWN)\n"
         "        queue_push(d, &scheduler_lane_of(d, number)->write, number, now);\n"
         "    if (verdict == VERDICT_DENIED")]),
    ("scheduler/step_guard.c", "a read that lags behind is believed at once", [
        ("    return job->accepted > 0 && (is_past || had_failed) &&",
         "    return false && job->accepted > 0 && (is_past || had_failed) &&")]),
    ("scheduler/step.c", "a write whose answer was lost is taken for accepted", [
        ("    case VERDICT_OK: return accepted(s);\n",
         "    case VERDICT_OK:\n    case VERDICT_UNSURE: return accepted(s);\n"),
        ("    case VERDICT_UNSURE: /* looking is harmless, and the sooner the better */\n", "")]),
    ("scheduler/step.c", "REJECT_MESSAGE is written with the name", [
        ("write == WRITE_TIGHTEN ? s->policy->behavior", "!clears ? s->policy->behavior")]),
    ("scheduler/step.c", "a job that is resumed is tightened before Success", [
        ("ses->status == MAIL_FROM_SUCCESS ? WRITE_TIGHTEN : WRITE_NOTHING", "WRITE_TIGHTEN")]),
    ("scheduler/step_follow.c", "Pending is taken for Success", [
        ("bool success = ses->status == MAIL_FROM_SUCCESS;",
         "bool success = ses->status != MAIL_FROM_FAILED;")]),
    ("scheduler/step_follow.c", "TemporaryFailure is taken for Success", [
        ("bool success = ses->status == MAIL_FROM_SUCCESS;",
         "bool success = ses->status == MAIL_FROM_TEMPORARY_FAILURE || "
         "ses->status == MAIL_FROM_SUCCESS;")]),
    ("scheduler/step_follow.c", "Success of another name counts", [
        ("    if (dname_eq(ses->mail_from, s->wanted))\n        return saw_wanted(s, ses);",
         "    if (ses->mail_from.len)\n        return saw_wanted(s, ses);"),
        ("    if (step_is_last_known(s, ses) || is_own_late_clear(s, ses) ||\n        (s->job->lost",
         "    if (true || step_is_last_known(s, ses) || is_own_late_clear(s, ses) ||\n        (s->job->lost")]),
    ("scheduler/step_guard.c", "what has drifted is overwritten", [
        ("return is_guarded && s->job->accepted == 0", "return false && is_guarded")]),
    ("scheduler/step_guard.c", "a write that was sent counts as one that was taken", [
        ("return is_guarded && s->job->accepted == 0", "return is_guarded && s->job->writes == 0")]),
    ("scheduler/step_guard.c", "without a review, what appears after the first look is overwritten", [
        ("        return s->job->before_known && ses->mail_from.len > 0 && !step_shows_own(s, ses) &&",
         "        return false && ses->mail_from.len > 0 && !step_shows_own(s, ses) &&")]),
    ("scheduler/ready.c", "a look of any age will do before a write", [
        ("at < SPAN_S(job->read_at_s) + READ_BEFORE_WRITE_MAX", "at > 0")]),
    ("scheduler/reads.c", "the value before stays the one of the first look", [
        ("    job->before_known = true;\n    job->mail_from_before",
         "    if (job->before_known)\n        return;\n    job->before_known = true;\n"
         "    job->mail_from_before")]),
    ("scheduler/step_follow.c", "a lost write is sent again over whatever is there", [
        ("    if (step_is_last_known(s, ses)) {\n        /* The answer was lost",
         "    if (true) {\n        /* The answer was lost")]),
    ("scheduler/step_follow.c", "what another operator set while SES was followed is set back", [
        ("        (s->job->lost && step_shows_write(s, ses)))\n        return saw_own(s, ses);\n"
         "    return drifted(s, ses);",
         "        (s->job->lost && step_shows_write(s, ses)))\n        return saw_own(s, ses);\n"
         "    return step_ready(s, WRITE_NAME);")]),
    ("scheduler/step.c", "what rejects mail waits for DNS like all others", [
        ("(s->wanted.len == 0 || need.write == WRITE_LOOSEN)) {", "s->wanted.len == 0) {"),
        ("job->write == WRITE_LOOSEN && s->rules->plan_only)", "false)")]),
    ("scheduler/step.c", "an identity is tightened whether the MX is there or not", [
        ("    if (!dns->mx_is_right)\n", "    if (false)\n")]),
    ("scheduler/tighten.c", "everybody is tightened at once", [
        ("return t->canary == CANARY_GOOD ||", "return true || t->canary == CANARY_GOOD ||")]),
    ("scheduler/tighten.c", "the others are tightened although the first left Success", [
        ("    lane->tightening = (struct tighten){.canary = CANARY_BAD};", "    lane->tightening.canary = CANARY_GOOD;")]),
    ("scheduler/scheduler_open.c", "a resumed job forgets that SES has taken a write", [
        ("    job->accepted = (uint8_t)(row->accepted", "    job->accepted = 0 * (uint8_t)(row->accepted")]),
    ("scheduler/scheduler_open.c", "a resumed run begins with its first wave", [
        ("        waves_restore(&d->waves, job->wave, is_final, row->outcome,\n"
         "                      fleet_policy_of(d->fleet, record->job)->wave);\n",
         "        d->waves.open += !is_final && job->wave;\n")]),
    ("scheduler/waves.c", "a resumed run has its budget of failures anew", [
        ("    w->failed += is_final && outcome == OUTCOME_FAILED;\n", "")]),
    ("scheduler/lane.c", "one odd answer is believed", [
        ("        l->worked = true;\n", "")]),
    ("scheduler/step.c", "what SES gives up again is set up anew for ever", [
        ("    if (restarting && job->restarts > RESTARTS_MAX)\n", "    if (false)\n")]),
    ("scheduler/step.c", "errors of the rules are ignored", [
        ("    if (errors && !loosens) {", "    if (false) {")]),
    ("scheduler/step.c", "the deadline of DNS is ignored", [
        ("        return step_finish(s, OUTCOME_WAITING_DNS, reason);\n"
         "    if (s->now >= s->job->deadline)",
         "        return step_finish(s, OUTCOME_WAITING_DNS, reason);\n    if (false)")]),
    ("scheduler/ready.c", "a job that was written before is never written again", [
        ("    if (lane->write.len)\n        return &lane->write;\n", "")]),
    ("scheduler/scheduler.c", "the scheduler does not wake for its lanes", [
        ("        wake = when_earlier(wake, d->lane_wake[i]);", "        wake = when_earlier(wake, wake);")]),
    ("survey/survey_pool.c", "a question that waits for its server's limit is dropped", [
        ("        case DNS_CACHE_OUT: i++; break;", "        case DNS_CACHE_OUT: held_remove(slot, i); break;")]),
    ("survey/survey_pool.c", "what waits for the same question of another survey is never tried again", [
        ("    if (frees || slot->held_len > held_len)\n        held_retry(p);\n",
         "    (void)frees;\n    (void)held_len;\n")]),
    ("scheduler/scheduler_dns.c", "a job that finds the window of questions full is lost", [
        (" && d->calls.free && survey_pool_has_room(d->survey_pool);", " && d->calls.free;"),
        ("        uint32_t job = judge ? judge_pop(d) : queue_pop(d, &d->dns);\n",
         "        uint32_t job = judge ? judge_pop(d) : queue_pop(d, &d->dns);\n"
         "        if (!survey_pool_has_room(d->survey_pool))\n            break;\n")]),
    ("calls/pace.c", "calls have no pace", [
        ("    if (now < pace_next(p))\n        return false;\n", "")]),
    ("calls/pace.c", "calls have twice the pace", [
        ("    p->next = p->leaves + spacing(p);\n", "    p->next = p->leaves + spacing(p) / 2;\n"),
        ("    if (is_even(p) && held > p->next)\n        p->next = held;\n",
         "    (void)held;\n")]),
    ("calls/batch_read.c", "a look that was throttled counts as an empty answer", [
        ("    if (next == RETRY_BACKOFF || next == RETRY_BY_PACE) {\n",
         "    if (next == RETRY_BY_PACE)\n        return;\n    if (next == RETRY_BACKOFF) {\n")]),
    ("calls/batch_read.c", "a batch is done when its first answer is there", [
        ("    if (b->out || b->to_send)\n        return BATCH_WAITS;\n", "")]),
    ("scheduler/reads.c", "every job of a batch gets the first one's answer", [
        ("&s->answers[kind]->facts[i]", "&s->answers[kind]->facts[0]")]),
    ("calls/retry.c", "by the v2 API, an identity that is not there is an error", [
        ("if (verdict != VERDICT_GONE || call->kind != CALL_GET)", "if (true)")]),
    ("calls/retry.c", "what IAM refuses by version 1 is never asked by version 2", [
        ("rules->may_fall_back && is_version_1", "false && is_version_1")]),
    ("calls/call_pool.c", "a call that is still read is given to the next one who asks", [
        ("    assert(pool->out > 0);\n    pool->out--;",
         "    pool->out--;\n    call_pool_give(pool, &pool->calls[pool->last_ticket % pool->len]);")]),
    ("scheduler/scheduler_open.c", "a resumed job takes what it saw last for the value before", [
        ("scheduler_name(d, row->mail_from_before)", "scheduler_name(d, row->mail_from_seen)")]),
    ("scheduler/scheduler_open.c", "a resumed job forgets that it was written", [
        ("    job->writes = (uint16_t)row->writes;\n", "")]),
    ("scheduler/scheduler_open.c", "final jobs of a resumed run are counted as new ones too", [
        ("    scheduler_move(d, record->job, JOB_DONE);\n    d->jobs",
         "    d->by_state[JOB_DONE]++;\n    d->jobs[record->job].state = JOB_DONE;\n    d->jobs")]),
    ("scheduler/waves.c", "a wave is larger by one", [
        ("return !w->paused && w->started < w->size;",
         "return !w->paused && w->started <= w->size;")]),
    ("scheduler/waves.c", "a wave starts while the last one is under way", [
        ("return w->open == 0 && (is_numbered(w)", "return (is_numbered(w)")]),
    ("scheduler/waves.c", "an inconclusive wave is followed by the next", [
        ("if (w->expired > 0 && (fleet->waves_len > 0 || is_numbered(w)))", "if (false)")]),
    ("scheduler/waves.c", "the budget of failures is larger by one", [
        ("    w->failed = failed > w->failed ? failed : w->failed;\n    if (w->failed > w->failed_max)",
         "    w->failed = failed > w->failed ? failed : w->failed;\n"
         "    if (w->failed > w->failed_max + 1u)")]),
    ("base/heap.c", "who fills a gap in the heap stays there, however late it is due", [
        ("        settle(h, i, last);\n}", "        put(h, i, last);\n}")]),
]

# Of the publisher: publish-sim must find them.
BUGS += [
    ("scheduler/ready.c", "a paused run goes on writing what was read already", [
        ("    return !d->steering.is_paused && now >=", "    return now >=")]),
    ("scheduler/scheduler.c", "a run that goes on after a pause sleeps on", [
        ("        d->lane_wake[i] = scheduler_carries(d, i) ? 0 : WHEN_NEVER;\n"
         "        for (int kind = 0; order->kind == ORDER_PACE",
         "        for (int kind = 0; order->kind == ORDER_PACE")]),
    ("scheduler/writes.c", "an order is not kept", [
        ("    d->records[d->records_len++] =\n        (struct record){.kind = RECORD_ORDER",
         "    d->records[d->records_len] =\n        (struct record){.kind = RECORD_ORDER")]),
    ("calls/pace.c", "a slower pace is felt only from the second call on", [
        ("    p->next = when_later(p->next - before + interval(p), p->hinted);",
         "    (void)before;")]),
    ("calls/load.c", "a lowered pace leaves the rate as it was", [
        ("    l->rate_per_s = l->given_per_s = rate;\n",
         "    l->rate_per_s = l->given_per_s = before.rate_per_s;\n    (void)rate;\n")]),
]

PUBLISHER = [
    ("publish/publisher_zone.c", "a paused run sends what is ready", [
        ("z->ready.len && !p->options.is_dry && !p->steering.is_paused &&",
         "z->ready.len && !p->options.is_dry &&")]),
    ("publish/publisher.c", "zones that were held back are forgotten when a run goes on", [
        ("    for (uint32_t i = 0; order->kind == ORDER_RESUME && i < p->zones_len; i++)\n"
         "        pub_zone_wants(p, &p->zones[i], now);\n", "")]),
    ("publish/publisher.c", "an order is kept again in the next turn", [
        ("    p->records_len = p->orders_len = 0;", "    p->records_len = 0;")]),
    ("engine.c", "changes leave before their intents are durable", [
        ("    if (records_len && e->unkept_since == WHEN_NEVER)\n",
         "    if (calls_len)\n        e->io->send(e->io->world, e->calls, calls_len);\n"
         "    if (records_len && e->unkept_since == WHEN_NEVER)\n"),
        ("    if (calls_len)\n        e->io->send(e->io->world, e->calls, calls_len);\n    return OK;",
         "    return OK;")]),
    ("publish/publisher_batch.c", "a change has no record of its intent", [
        ("pub_move(p, target, PUBLISH_SENT, PUBLISH_INTENT, t->reason, now);",
         "pub_move(p, target, PUBLISH_SENT, PUBLISH_MOVE, t->reason, now);")]),
    ("publish/publisher_batch.c", "a change without a known answer is sent again", [
        ("            pub_move(p, b->targets[i], PUBLISH_UNSURE, PUBLISH_ANSWER, words, now);\n"
         "            pub_look(p, b->targets[i], now + UNSURE_PAUSE);\n",
         "            target_back(p, b->targets[i], now);\n")]),
    ("publish/publisher.c", "a change that was out when the process died is sent again", [
        ("    case PUBLISH_SENT: return PUBLISH_UNSURE;\n",
         "    case PUBLISH_SENT: return PUBLISH_TO_LOOK;\n")]),
    ("publish/publisher_look.c", "what the provider accepts is done", [
        ("    pub_move(p, target, PUBLISH_VERIFYING, PUBLISH_ANSWER, TEXT_NONE, now);\n    if (provider_of",
         "    pub_move(p, target, PUBLISH_DONE, PUBLISH_ANSWER, TEXT_NONE, now);\n    return;\n"
         "    if (provider_of")]),
    ("publish/publisher_look.c", "servers that do not answer are not waited for", [
        ("    } else if (is_over && !look->unheard) {", "    } else if (is_over) {")]),
    ("publish/publisher_look.c", "at Cloudflare a set is created without a look at the provider's", [
        ("    t->is_read = verdict == SETS_FREE && !swap_is_stale;", "    t->is_read = true;")]),
    ("publish/publisher_look.c", "an exchange goes on from a value that has changed meanwhile", [
        ("    bool swap_is_stale = t->swaps_txt && !txts_are_as_looked(t);",
         "    bool swap_is_stale = false;"),]),
    ("publish/look.c", "a foreign MX is in nobody's way", [
        ("    if (mx->action == RECORDS_REPLACE)\n        return person(",
         "    if (false)\n        return person("),
        ("        if (of[type]->action == RECORDS_BLOCKED) {",
         "        if (type == RECORDS_TXT && of[type]->action == RECORDS_BLOCKED) {")]),
    ("publish/look.c", "an SPF record is exchanged without consent", [
        ("    if (!rules->merges_spf)\n", "    if (false)\n")]),
    ("publish/look.c", "a wildcard is no reason to ask a person", [
        ("    if (facts->wildcard)\n", "    if (false)\n")]),
    ("publish/look.c", "an orphan zone is as good as the one in force", [
        ("kind == PROVIDER_RFC2136 || zone_is_in_force(z, hosts)", "true")]),
    ("publish/look.c", "a private zone is as good as any", [
        ("        if (z->bar != ZONE_OPEN)\n", "        if (false)\n")]),
    ("publish/publisher_batch.c", "one bad name stops its batch", [
        ("        else\n            target_back(p, b->targets[i], now);\n    }\n}",
         "        else\n            target_refused(p, b->targets[i], call, TEXT_NONE, now);\n"
         "    }\n}")]),
    ("publish/publisher_batch.c", "one denied zone stops its provider", [
        ("    if (p->denied[z->provider] >= DENIED_ZONES)",
         "    if (p->denied[z->provider] >= 1)")]),
    ("publish/publisher_zone.c", "two calls of a zone are out at once", [
        ("    if (!wants || z->is_out || z->is_queued", "    if (!wants || z->is_queued"),
        ("    if (z->is_out || z->not_before > now)\n", "    if (z->not_before > now)\n")]),
    ("publish/publisher.c", "the budget of failures is ignored", [
        ("    if (most.value >= 0 && failed > bound)\n", "    if (false)\n")]),
    ("publish/publisher.c", "two providers of one account have a bucket each", [
        ("    case PROVIDER_ROUTE53: return a->account == b->account;",
         "    case PROVIDER_ROUTE53: return a == b;")]),
    ("publish/publisher_look.c", "a record that is doubled stays", [
        ("    if (verdict == SETS_DOUBLED && is_fresh(&p->targets[target], now))\n"
         "        take_back(p, target, now);\n    else if (verdict == SETS_DOUBLED)\n"
         "        leave_beside(p, target, now);\n    else\n        look_again", "    look_again")]),
    ("publish/publisher_look.c", "an equal record of others is taken for the run's own", [
        ("    bool is_ours =\n        pub_may_be_there(t) &&", "    t->sent_mx = t->sent_txt = true;\n"
         "    bool is_ours =\n        true || pub_may_be_there(t) &&")]),
    ("publish/publisher.c", "a dry run changes something", [
        ("    while (b->first != PUB_NONE && p->calls.free",
         "    p->options.is_dry = false;\n    while (b->first != PUB_NONE && p->calls.free")]),
]

# Of the memory of watching: watch-sim must find them.
WATCHER = [
    ("watch/sight.c", "one bad look is enough", [
        ("bool is_confirmed = ill->looks >= 2 && lasted >= policy->confirm;",
         "bool is_confirmed = ill->looks >= 1;")]),
    ("watch/sight.c", "two looks are enough, however close", [
        ("bool is_confirmed = ill->looks >= 2 && lasted >= policy->confirm;",
         "bool is_confirmed = ill->looks >= 2;")]),
    ("watch/sight.c", "SERVFAIL counts as an MX that is wrong", [
        ("    if (mx == MX_STATUS_NONE || mx == MX_STATUS_TROUBLE)\n",
         "    if (mx == MX_STATUS_NONE)\n")]),
    ("watch/sight.c", "SERVFAIL mends an MX", [
        ("    if (mx == MX_STATUS_NONE || mx == MX_STATUS_TROUBLE)\n        return;\n",
         "    if (mx == MX_STATUS_NONE || mx == MX_STATUS_TROUBLE)\n        mx = MX_STATUS_OK;\n")]),
    ("watch/sight.c", "an identity that SES did not answer about is missing", [
        ("    if (seen->is_read)\n        sights_of_ses(wanted, seen, out);",
         "    sights_of_ses(wanted, seen, out);")]),
    ("watch/sight.c", "a page comes at the end of the 72 hours", [
        ("return WATCH_GRACE - lasted < policy->page_before ?",
         "return WATCH_GRACE - lasted < 0 ?")]),
    ("watch/sight.c", "six hours make no difference", [
        ("bool is_long = lasted >= policy->critical;", "bool is_long = false;")]),
    ("watch/sight.c", "a lane that cannot be read is a problem of each of its identities", [
        ("    if (!seen->lane_is_unseen)\n", "    if (true)\n")]),
    ("watch/memory.c", "one good look ends what was told", [
        ("    if (p->well_since == 0) {\n        p->well_since = now;\n        p->is_changed = true;\n"
         "    } else if (now - p->well_since >= m->policy.confirm) {\n",
         "    {\n        p->well_since = now;\n")]),
    ("watch/memory.c", "a bad look between two good ones is forgotten", [
        ("    p->looks = takes_over ? twin->looks : 0;\n    p->well_since = 0;\n",
         "    p->looks = takes_over ? twin->looks : 0;\n")]),
    ("watch/memory.c", "the 72 hours count from the look before the last", [
        ("    clock_heed(p, now);\n    if (returns ||", "    clock_heed(p, now);\n"
         "    if (kind == WATCH_STATUS_TEMPORARY && p->level == WATCH_CRITICAL)\n"
         "        p->began = now;\n    if (returns ||")]),
    ("watch/memory.c", "the 72 hours go on though Success was seen between", [
        ("    if (returns ||", "    if ((returns && kind != WATCH_STATUS_TEMPORARY) ||")]),
    ("watch/memory.c", "a fault that changes its form begins anew", [
        ("bool takes_over = twin && twin->well_since == 0;", "bool takes_over = false; (void)twin;")]),
    ("watch/memory.c", "a problem gets milder", [
        ("    if (level > p->level) {\n", "    if (level != p->level) {\n")]),
    ("watch/memory.c", "what was told is not remembered", [
        ("        p->told = p->level;\n        p->may_repeat = false;\n        p->is_changed = true;\n",
         "        p->told = p->level;\n        p->may_repeat = false;\n")]),
    ("watch/memory.c", "a level is not remembered", [
        ("    if (level > p->level) {\n        p->level = (uint8_t)level;\n        p->is_changed = true;\n",
         "    if (level > p->level) {\n        p->level = (uint8_t)level;\n")]),
    ("watch/memory.c", "events that a crash has left are dropped", [
        ("                                              .told = (enum watch_level)of->told,\n",
         "                                              .told = (enum watch_level)of->level,\n")]),
    ("watch/memory.c", "an end in doubt hides the next beginning", [
        ("        p->told = WATCH_WELL;\n        p->since = p->began;\n", "")]),
    ("watch/memory.c", "another wish leaves the problems of the old name", [
        ("        if (i->is_known)\n            name_changes(m, i, now);\n", "")]),
    ("watch/memory.c", "nobody is forgotten", [
        ("now - i->looked < WATCH_FORGET)", "true)")]),
    ("watch/memory.c", "a clock that was set back is believed", [
        ("    p->began = when_earlier(p->began, now);\n", "")]),
    ("watch/slots.c", "another process forgets since when a problem lasts", [
        ("                          .began = r->began,\n",
         "                          .began = r->since + SPAN_H(1),\n")]),
    ("watch/slots.c", "another process forgets what looked well already", [
        ("                          .well_since = r->well_since,\n", "")]),
    ("watch/slots.c", "another process forgets that there was Success", [
        ("                           .was_success = r->was_success,\n", "")]),
    ("watch/slots.c", "a problem that is removed takes those behind it along", [
        ("    *link = problem_at(m, slot)->next;\n", "    *link = NO_SLOT;\n")]),
]

# Of sweeps: sweep-sim must find them.
SWEEPS = [
    ("calls/pace.c", "the calls of a sweep have no pace", [
        ("    if (now < pace_next(p))\n        return false;\n", "")]),
    ("run/watching.c", "a sweep believes that every name is as wanted", [
        ("        seen.mail_from = scheduler_mail_from_seen(d, row);\n",
         "        seen.mail_from = wanted.mail_from;\n")]),
    ("run/watching.c", "a sweep does not pass on what DNS says of the MX", [
        ("    seen.mx = (enum mx_status)job->mx;\n", "    seen.mx = MX_STATUS_OK;\n")]),
    ("run/watching.c", "each row is judged by the first one's status", [
        ("        seen.status = (enum mail_from_status)job->status_seen;\n",
         "        seen.status = (enum mail_from_status)scheduler_job(d, 0)->status_seen;\n")]),
    ("run/watching.c", "a sweep may write", [
        ("    options.rules.plan_only = true;\n    options.sweep = true;\n",
         "    options.rules.plan_only = false;\n")]),
]

# Of workers that share a run: workers-sim must find them.
WORKERS = [
    ("journal/fence.c", "records are kept without the epoch of their lease", [
        ("    j->store->fence = is_fenced ? fence_of(j, record) : NULL;", "    (void)is_fenced;"),
        ("    return held > 1 ? j->store->leases->hold(j->store, list, held, why) : OK;", "    return OK;")]),
    ("journal/fence.c", "an intent is kept after the end of its lease", [
        ("        fence->is_intent |= record_is_intent(&records[i]);\n", "")]),
    ("work/lease.c", "a lease is trusted long after its end", [
        ("    instant_us until = asked + ttl - lease_margin(ttl);\n"
         "    assert(until > asked && until < asked + ttl);\n", "    instant_us until = asked + 4 * ttl;\n")]),
    ("work/lease.c", "a lease is renewed when it has ended", [
        ("    return asked + ttl / 3;", "    return asked + ttl;")]),
    ("work/lease.c", "whoever takes over does not wait for what is on its way", [
        ("    return now >= claimed + quiet;", "    return true;")]),
    ("work/carriage.c", "a write may leave at any time after its intent", [
        ("    *send_until = when_earlier(until, now + lease_leave(c->ttl));", "    *send_until = WHEN_NEVER;")]),
    ("run/part_port.c", "a write that is too late leaves even so", [
        ("        if (calls[i]->kind != CALL_ASK)\n", "        if (calls[i]->kind != CALL_ASK && !is_write)\n")]),
    ("work/carriage.c", "that a lease is lost is not heard", [
        ("        c->lanes[i].lease.epoch = 0;\n        c->is_lost = true;\n", "        continue;\n")]),
    ("work/carriage_steer.c", "starts granted to the holder before are forgotten", [
        ("        if (c->lanes[i].granted && ", "        if (false && ")]),
    ("work/carriage_steer.c", "a person's pause is not heard", [
        ("    if (c->view.is_paused == s->is_paused)\n", "    if (true)\n")]),
    ("journal/leases.c", "rows that begin again are not kept as such", [
        ("        err = rows_reopen(j, run, now, why);\n", "        (void)now;\n")]),
    ("journal/leases.c", "a holder that comes back late still has what was opened anew", [
        ("    enum err err = ops_of(j)->take_ended(j->store, run, run, &held, why);\n    if (err == OK)\n"
         "        err = run_lock(j, run, &view, why);\n    if (err == OK && held > 0)\n",
         "    enum err err = run_lock(j, run, &view, why);\n    held = err == OK ? view.lanes_held : 0;\n"
         "    if (err == OK && held > 0)\n")]),
    ("journal/shared_waves.c", "what has ended is not counted", [
        ("        ends += is_end(&records[i]);\n", "        ends += 0;\n")]),
    ("journal/record_rows.c", "ends are counted in a transaction of their own", [
        ("        err = err == OK ? shared_waves_count(j, run, records, len, why) : err;\n    }\n"
         "    return journal_leave(j, err, intends ? STORE_COMMIT_INTENT : STORE_COMMIT, why);",
         "        err = journal_leave(j, err, intends ? STORE_COMMIT_INTENT : STORE_COMMIT, why);\n"
         "        err = err == OK ? journal_enter(j, why) : err;\n"
         "        if (err != OK)\n            return err;\n"
         "        err = shared_waves_count(j, run, records, len, why);\n    }\n"
         "    return journal_leave(j, err, STORE_COMMIT, why);")]),
    ("scheduler/scheduler_open.c", "whoever takes over forgets the write that was under way", [
        ("    if (record->row.state == JOB_WRITING || record->row.state == JOB_UNSURE) {\n"
         "        look.to", "    if (record->row.state == JOB_UNSURE) {\n        look.to")]),
    ("scheduler/scheduler_call.c", "whoever takes over begins at once, whatever the pace was", [
        ("    pace_hold(&d->lanes[lane].pace[kind], until);\n", "    (void)kind, (void)until;\n")]),
    ("scheduler/starts.c", "a start that was granted is used twice", [
        ("        lane->starts--;\n    else\n        waves_start", "        (void)lane;\n    else\n        waves_start")]),
]

# Each of another kind, and found within a second: for every day.
DAILY = [
    "calls leave before the turn's records are durable",
    "Pending is taken for Success",
    "REJECT_MESSAGE is written with the name",
    "a wave starts while the last one is under way",
    "a paused run goes on writing what was read already",
    "a change without a known answer is sent again",
    "a record that is doubled stays",
    "one bad look is enough",
    "what was told is not remembered",
    "records are kept without the epoch of their lease",
    "a write may leave at any time after its intent",
]

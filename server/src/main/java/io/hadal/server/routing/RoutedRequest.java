package io.hadal.server.routing;

import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.usage.Work;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.body.SessionKey;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallMeter;

/**
 * A request on its way to an upstream.
 *
 * @param alias name of the model as the client wrote it, also when a fallback answers
 * @param zdr whether nothing of it may be kept
 */
record RoutedRequest(
    Call call, RequestView view, Identity identity, SessionKey session, String alias, boolean zdr) {
  /** What an attempt is recorded as. */
  Work work(int attempt, Candidate candidate) {
    Work work =
        new Work(
            identity,
            call.requestId(),
            attempt,
            call.dialectName(),
            view.operation().label(),
            call.resolution() == null ? alias : call.model(),
            call.version(candidate.version()),
            candidate.name(),
            view.promptTokens(),
            view.mostOutput(candidate.model().context()),
            call.endUser(),
            session.given() == null ? null : Long.toHexString(session.value()),
            call.tags(),
            CallMeter.name(view.priority(call.client().background())));
    return work.withAhead(view.ahead(candidate.model().context()));
  }

  /** The same request for another model. */
  RoutedRequest withView(RequestView other) {
    return new RoutedRequest(call, other, identity, session, alias, zdr);
  }
}

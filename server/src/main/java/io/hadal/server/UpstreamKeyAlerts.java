package io.hadal.server;

import io.hadal.platform.Ids;
import io.hadal.platform.alert.Alert;
import io.hadal.platform.alert.AlertRule;
import io.hadal.platform.alert.Alerts;
import io.hadal.server.routing.UpstreamAlerts;
import java.time.Clock;
import tools.jackson.databind.node.JsonNodeFactory;

/** Tells operators of keys that upstreams refuse. The keys themselves are not in it. */
final class UpstreamKeyAlerts implements UpstreamAlerts {
  private static final int PAYMENT_REQUIRED = 402;

  private final Alerts alerts;
  private final Clock clock;

  UpstreamKeyAlerts(Alerts alerts, Clock clock) {
    this.alerts = alerts;
    this.clock = clock;
  }

  @Override
  public void keyRefused(String upstream, int key, int status) {
    String id = Ids.next("alert_");
    String why =
        status == PAYMENT_REQUIRED ? "its money is used up" : "the key is not, or no longer, known";
    alerts.raise(
        new Alert(
            AlertRule.UPSTREAM_KEY,
            id,
            "Hadal: upstream " + upstream + " refuses a key",
            """
            The upstream %s refused key number %d of the configuration with status %d: %s.
            The key is not used any more, until the configuration is loaded again.
            """
                .formatted(Alert.line(upstream), key + 1, status, why),
            JsonNodeFactory.instance
                .objectNode()
                .put("type", "upstream_key_alert")
                .put("id", id)
                .put("upstream", upstream)
                .put("key", key)
                .put("status", status)
                .put("raised_at", clock.instant().toString())));
  }
}

package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.alert.AlertDelivery;
import io.hadal.platform.alert.Alerts;
import io.hadal.platform.alert.ChannelState;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Where alerts go, and which did not arrive. */
public final class AlertEndpoints implements EndpointGroup {
  private final Alerts alerts;

  public AlertEndpoints(Alerts alerts) {
    this.alerts = alerts;
  }

  @Override
  public List<Endpoint> endpoints() {
    Permission read = Permission.read(Resource.CONFIG);
    return List.of(
        new Endpoint(
            "GET",
            "/alert-channels",
            read,
            "Where alerts go, and how each of the ways does on this node",
            call -> channels()),
        new Endpoint(
            "GET",
            "/alert-deliveries",
            read,
            "Alerts that wait, arrived or were given up, by recipient, the newest first",
            this::deliveries),
        new Endpoint(
                "POST",
                "/alert-tests",
                Permission.write(Resource.CONFIG),
                "Sends a test to all who get alerts",
                this::test)
            .apart());
  }

  private JsonNode channels() {
    ObjectNode json = AdminJson.object();
    ArrayNode data = json.putArray("data");
    for (ChannelState channel : alerts.channels()) {
      data.addObject()
          .put("name", channel.name())
          .put("target", channel.target())
          .put("waiting", channel.waiting())
          .put("delivered", channel.delivered())
          .put("failed", channel.failed())
          .put("retries", channel.retries())
          .put("dropped", channel.dropped());
    }
    return json.putNull("next");
  }

  private JsonNode deliveries(AdminCall call) {
    int limit = AdminLists.limit(call);
    List<AlertDelivery> found =
        alerts.deliveries(state(call.query("state")), call.query("after"), limit + 1);
    ObjectNode json = AdminJson.object();
    ArrayNode data = json.putArray("data");
    found.stream().limit(limit).map(AlertEndpoints::json).forEach(data::add);
    return json.put("next", found.size() > limit ? found.get(limit - 1).id() : null);
  }

  private static AlertDelivery.@Nullable State state(@Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      return AlertDelivery.State.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("state", "must be waiting, delivered or failed");
    }
  }

  private static ObjectNode json(AlertDelivery one) {
    Long ended = one.endedAt();
    return AdminJson.object()
        .put("id", one.id())
        .put("alert_id", one.alert())
        .put("rule", one.rule())
        .put("channel", one.channel())
        .put("recipient", one.recipient().isEmpty() ? null : one.recipient())
        .put("subject", one.subject())
        .put("state", one.state().text())
        .put("attempts", one.attempts())
        .put("problem", one.problem())
        .put("created_at", AdminJson.time(one.createdAt()))
        .put("next_attempt_at", ended == null ? AdminJson.time(one.nextAt()) : null)
        .put("ended_at", ended == null ? null : AdminJson.time(ended));
  }

  private JsonNode test(AdminCall call) {
    if (alerts.channels().isEmpty()) {
      throw Problem.invalid(
          "platform.alerts", "names neither a webhook nor e-mail in the configuration file");
    }
    return AdminJson.object().put("alert_id", alerts.test(call.actor().name()));
  }
}

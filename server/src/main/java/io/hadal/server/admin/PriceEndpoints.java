package io.hadal.server.admin;

import static io.hadal.platform.tenancy.Permission.read;
import static io.hadal.platform.tenancy.Permission.write;

import io.hadal.chat.Problem;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.money.Usd;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.time.Clock;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The price book: prices are added, never changed. */
public final class PriceEndpoints implements EndpointGroup {
  private static final Permission READ = read(Resource.PRICE);
  private static final Permission WRITE = write(Resource.PRICE);

  private final PriceBook prices;
  private final ActorScope scopes;
  private final Clock clock;

  public PriceEndpoints(PriceBook prices, ActorScope scopes, Clock clock) {
    this.prices = prices;
    this.scopes = scopes;
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/prices",
            READ,
            "Rows of the price book, of a ?version or ?project",
            this::list),
        new Endpoint(
            "GET",
            "/prices/current",
            READ,
            "The price of a ?version for a ?project ?at a moment",
            this::current),
        new Endpoint(
            "POST",
            "/prices",
            WRITE,
            "Adds a price in pico-USD per token, image, second and request",
            this::add));
  }

  private JsonNode list(AdminCall call) {
    String project = call.query("project");
    if (project != null) {
      scopes.requireProject(call.actor(), READ, project);
    }
    boolean all = scopes.of(call.actor(), READ).all();
    int limit = UsageParameters.limit(call);
    List<Price> rows =
        prices.list(call.query("version"), project, UsageParameters.after(call, 0), limit);
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    for (Price row : rows) {
      // What others pay is their business.
      if (all || project != null || row.project() == null) {
        data.add(json(row));
      }
    }
    if (rows.size() < limit) {
      answer.putNull("next");
    } else {
      answer.put("next", Long.toString(rows.getLast().id()));
    }
    return answer;
  }

  private JsonNode current(AdminCall call) {
    String version = call.query("version");
    if (version == null) {
      throw Problem.missing("version");
    }
    String project = call.query("project");
    if (project != null) {
      scopes.requireProject(call.actor(), READ, project);
    }
    long at = UsageParameters.time(call, "at", clock.millis());
    PriceSnapshot price = prices.at(version, project == null ? "" : project, at);
    ObjectNode answer =
        JsonMapper.shared()
            .createObjectNode()
            .put("price_book_id", price.id())
            .put("version", version)
            .put("project", project)
            .put("at", UsageParameters.text(at));
    UnitPrices unit =
        new UnitPrices(
            price.input(),
            price.cacheRead(),
            price.cacheWrite(),
            price.output(),
            price.reasoning(),
            price.image(),
            price.second(),
            price.request());
    put(answer, unit);
    return answer;
  }

  private JsonNode add(AdminCall call) {
    String project = call.text("project");
    if (project == null) {
      scopes.requireAll(call.actor(), WRITE);
    } else {
      scopes.requireProject(call.actor(), WRITE, project);
    }
    JsonNode unit = call.body().get("prices");
    if (unit == null || !unit.isObject()) {
      throw Problem.invalid(
          "prices", "must be an object with input, cache_read, output and the like in pico-USD");
    }
    long now = clock.millis();
    return UsageParameters.checked(
        () -> {
          UnitPrices base = UnitPrices.read(unit, null, "prices");
          String to = call.text("valid_to");
          return json(
              prices.add(
                  new Price(
                      0,
                      Price.version(call.required("version")),
                      project,
                      UsageParameters.time(call.text("valid_from"), "valid_from", now),
                      to == null ? null : UsageParameters.time(to, "valid_to", 0),
                      base,
                      Schedule.read(call.body().get("schedule"), base, "schedule"),
                      call.required("source"),
                      call.actor().name(),
                      now)));
        });
  }

  private static ObjectNode json(Price price) {
    ObjectNode node =
        JsonMapper.shared()
            .createObjectNode()
            .put("id", Long.toString(price.id()))
            .put("version", price.modelVersion())
            .put("project", price.project())
            .put("valid_from", UsageParameters.text(price.validFrom()));
    Long to = price.validTo();
    if (to == null) {
      node.putNull("valid_to");
    } else {
      node.put("valid_to", UsageParameters.text(to));
    }
    put(node, price.base());
    node.set("schedule", price.schedule().json());
    return node.put("source", price.source())
        .put("created_by", price.createdBy())
        .put("created_at", UsageParameters.text(price.createdAt()));
  }

  private static void put(ObjectNode node, UnitPrices prices) {
    node.set("prices", prices.json());
    node.putObject("usd_per_million")
        .put("input", Usd.perMillion(prices.input()))
        .put("cache_read", Usd.perMillion(prices.cacheRead()))
        .put("cache_write", Usd.perMillion(prices.cacheWrite()))
        .put("output", Usd.perMillion(prices.output()))
        .put("reasoning", Usd.perMillion(prices.reasoning()));
  }
}

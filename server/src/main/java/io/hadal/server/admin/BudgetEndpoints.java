package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.Ids;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.budget.BudgetAlert;
import io.hadal.platform.budget.BudgetState;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.SubjectLookup;
import io.hadal.platform.tenancy.Names;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.http.HttpProblem;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Budgets: what is set, how they stand, and the alerts they raised. */
public final class BudgetEndpoints implements EndpointGroup {
  /** Show what their reader may see. */
  private static final Set<String> LISTS = Set.of("/budgets", "/budget-alerts");

  private static final int MOST_NAME = 200;
  private static final int MOST_PERCENTS = 10;

  private final Budgets budgets;
  private final SubjectLookup subjects;
  private final ScopedSettings settings;
  private final Clock clock;

  public BudgetEndpoints(Budgets budgets, SubjectLookup subjects, Clock clock) {
    this.budgets = budgets;
    this.subjects = subjects;
    this.settings = new ScopedSettings(subjects);
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    Permission read = Permission.read(Permission.Resource.BUDGET);
    Permission write = Permission.write(Permission.Resource.BUDGET);
    return List.of(
        new Endpoint("GET", "/budgets", read, "Lists budgets", this::list),
        new Endpoint("POST", "/budgets", write, "Sets a budget", this::create),
        new Endpoint("GET", "/budgets/{id}", read, "A budget", call -> json(find(call))),
        new Endpoint("PATCH", "/budgets/{id}", write, "Changes a budget", this::update),
        new Endpoint("DELETE", "/budgets/{id}", write, "Lifts a budget", this::delete),
        new Endpoint(
            "GET",
            "/budgets/{id}/state",
            read,
            "What of a budget is settled, held and left",
            this::state),
        new Endpoint("GET", "/budget-alerts", read, "The newest alerts of budgets", this::alerts),
        new Endpoint(
            "GET",
            "/budget-balances/{project}",
            Permission.read(Permission.Resource.BALANCE),
            "What of a project's prepaid balance is settled, held and left",
            this::balance));
  }

  @Override
  public @Nullable Place place(Endpoint endpoint, AdminCall call) {
    if (endpoint.method().equals("GET") && LISTS.contains(endpoint.path())) {
      return Place.ANYWHERE;
    }
    if (endpoint.path().equals("/budget-balances/{project}")
        || (endpoint.method().equals("POST") && endpoint.path().equals("/budgets"))) {
      // Whom it is for is in the path or body, which is a place of its own: a project, for
      // instance.
      return Place.ANYWHERE;
    }
    if (!endpoint.path().contains("{id}")) {
      return null;
    }
    Budget budget = budgets.find(call.path("id"));
    return budget == null ? null : settings.place(target(budget));
  }

  private static ScopedSettings.Target target(Budget budget) {
    return new ScopedSettings.Target(budget.org(), budget.scope(), budget.scopeId());
  }

  private JsonNode list(AdminCall call) {
    String scope = call.query("scope_type");
    String scopeId = call.query("scope_id");
    return ScopedSettings.page(
        call,
        budgets.list(),
        budget ->
            settings.visible(call.actor(), Permission.Resource.BUDGET, target(budget))
                && (scope == null || scope.equals(budget.scope().text()))
                && (scopeId == null || scopeId.equals(budget.scopeId())),
        Budget::id,
        BudgetEndpoints::json);
  }

  private JsonNode create(AdminCall call) {
    ScopedSettings.Target target = settings.target(call);
    Window window = Window.of(call.required("window"));
    if (window == null) {
      throw Problem.invalid("window", "must be total, day, week or month");
    }
    Long limit = ScopedSettings.amount(call, "limit", 0, Budget.MOST);
    if (limit == null) {
      throw Problem.missing("limit_nano");
    }
    boolean carry = flag(call, "carry_over");
    if (carry && window == Window.TOTAL) {
      throw Problem.invalid("carry_over", "needs a window of a day, week or month");
    }
    Budget budget =
        changed(
            call,
            new Budget(
                Ids.next("bud_"),
                target.org(),
                target.scope(),
                target.id(),
                name(call.required("name")),
                window,
                zone(call.text("zone")),
                limit,
                List.of(80, 100),
                BudgetAction.BLOCK,
                null,
                carry,
                clock.millis(),
                call.actor().name()));
    budgets.create(budget);
    return json(budget);
  }

  private static ZoneId zone(@Nullable String text) {
    if (text == null) {
      return ZoneId.of("UTC");
    }
    try {
      return ZoneId.of(text);
    } catch (DateTimeException e) {
      throw Problem.invalid("zone", "must be a time zone such as UTC or Europe/Berlin");
    }
  }

  private static String name(String text) {
    if (text.isBlank() || text.length() > MOST_NAME || !Names.isPlain(text)) {
      throw Problem.invalid("name", "must have 1 to " + MOST_NAME + " characters that can be seen");
    }
    return text.strip();
  }

  private static boolean flag(AdminCall call, String field) {
    JsonNode value = call.body().get(field);
    if (value == null || value.isNull()) {
      return false;
    }
    if (!value.isBoolean()) {
      throw Problem.invalid(field, "must be true or false");
    }
    return value.booleanValue();
  }

  /** A budget with what a body says of the things that can change. */
  private static Budget changed(AdminCall call, Budget old) {
    String name = call.text("name");
    Long limit = ScopedSettings.amount(call, "limit", 0, Budget.MOST);
    String actionText = call.text("action");
    BudgetAction action = actionText == null ? old.action() : BudgetAction.of(actionText);
    if (action == null) {
      throw Problem.invalid("action", "must be block, alert or downgrade");
    }
    String to = call.text("downgrade_to");
    String downgrade =
        action == BudgetAction.DOWNGRADE ? (to == null ? old.downgradeTo() : to) : null;
    if (action == BudgetAction.DOWNGRADE && (downgrade == null || downgrade.isBlank())) {
      throw Problem.invalid("downgrade_to", "must name a cheaper model");
    }
    if (action != BudgetAction.DOWNGRADE && to != null) {
      throw Problem.invalid("downgrade_to", "needs the action downgrade");
    }
    return new Budget(
        old.id(),
        old.org(),
        old.scope(),
        old.scopeId(),
        name == null ? old.name() : name(name),
        old.window(),
        old.zone(),
        limit == null ? old.limit() : limit,
        percents(call.body().get("soft_percents"), old.softPercents()),
        action,
        downgrade,
        old.carryOver(),
        old.createdAt(),
        old.createdBy());
  }

  private static List<Integer> percents(@Nullable JsonNode value, List<Integer> fallback) {
    if (value == null || value.isNull()) {
      return fallback;
    }
    List<Integer> percents = new ArrayList<>();
    if (value.isArray() && value.size() <= MOST_PERCENTS) {
      for (JsonNode percent : value) {
        if (!percent.isInt() || percent.intValue() < 1 || percent.intValue() > 100) {
          throw Problem.invalid("soft_percents", "must hold whole numbers from 1 to 100");
        }
        percents.add(percent.intValue());
      }
      return percents;
    }
    throw Problem.invalid("soft_percents", "must be a list of at most ten whole numbers");
  }

  private Budget find(AdminCall call) {
    Budget budget = budgets.find(call.path("id"));
    if (budget == null || !ScopedSettings.ofOrg(call.actor(), budget.org())) {
      throw HttpProblem.notFound("The budget '" + call.path("id") + "'");
    }
    return budget;
  }

  private JsonNode update(AdminCall call) {
    Budget old = find(call);
    for (String fixed : List.of("scope_type", "scope_id", "window", "zone", "carry_over")) {
      if (call.body().has(fixed)) {
        throw Problem.invalid(fixed, "cannot change; set another budget");
      }
    }
    Budget budget = changed(call, old);
    budgets.update(budget);
    return json(budget);
  }

  private @Nullable JsonNode delete(AdminCall call) {
    budgets.delete(find(call).id());
    return null;
  }

  private JsonNode state(AdminCall call) {
    return ScopedSettings.list(
        budgets.states(find(call), ScopedSettings.most(call)).stream()
            .map(BudgetEndpoints::json)
            .toList());
  }

  private JsonNode alerts(AdminCall call) {
    return ScopedSettings.list(
        budgets.alerts(call.actor().org(), ScopedSettings.most(call)).stream()
            .filter(
                alert ->
                    settings.visible(
                        call.actor(),
                        Permission.Resource.BUDGET,
                        new ScopedSettings.Target(alert.org(), alert.scope(), alert.subject())))
            .map(BudgetEndpoints::json)
            .toList());
  }

  private JsonNode balance(AdminCall call) {
    String project = call.path("project");
    String org = subjects.org(LimitScope.PROJECT, project);
    if (org == null || !ScopedSettings.ofOrg(call.actor(), org)) {
      throw HttpProblem.notFound("The project '" + project + "'");
    }
    BudgetState state = budgets.balanceState(project);
    if (state == null) {
      throw HttpProblem.notFound("A prepaid balance of the project '" + project + "'");
    }
    return json(state);
  }

  private static ObjectNode json(BudgetState state) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("subject", state.subject());
    node.put("window_start", ScopedSettings.time(state.windowStart()));
    node.put("window_end", ScopedSettings.end(state.windowEnd()));
    ScopedSettings.amount(node, "limit", state.limit());
    ScopedSettings.amount(node, "carried_over", state.carry());
    ScopedSettings.amount(node, "settled", state.settled());
    ScopedSettings.amount(node, "held", state.held());
    ScopedSettings.amount(node, "leased", state.leased());
    ScopedSettings.amount(node, "remaining", state.remaining());
    return node;
  }

  private static ObjectNode json(BudgetAlert alert) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("id", alert.id());
    node.put("budget_id", alert.budget());
    node.put("budget_name", alert.name());
    node.put("scope_type", alert.scope().text());
    node.put("subject", alert.subject());
    node.put("percent", alert.percent());
    ScopedSettings.amount(node, "settled", alert.settled());
    ScopedSettings.amount(node, "limit", alert.limit());
    node.put("window_start", ScopedSettings.time(alert.windowStart()));
    node.put("raised_at", ScopedSettings.time(alert.raisedAt()));
    return node;
  }

  private static ObjectNode json(Budget budget) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("id", budget.id());
    node.put("org_id", budget.org());
    node.put("scope_type", budget.scope().text());
    node.put("scope_id", budget.scopeId());
    node.put("name", budget.name());
    node.put("window", budget.window().text());
    node.put("zone", budget.zone().getId());
    ScopedSettings.amount(node, "limit", budget.limit());
    ArrayNode percents = node.putArray("soft_percents");
    budget.softPercents().forEach(percents::add);
    node.put("action", budget.action().text());
    node.put("downgrade_to", budget.downgradeTo());
    node.put("carry_over", budget.carryOver());
    node.put("created_at", ScopedSettings.time(budget.createdAt()));
    node.put("created_by", budget.createdBy());
    return node;
  }
}

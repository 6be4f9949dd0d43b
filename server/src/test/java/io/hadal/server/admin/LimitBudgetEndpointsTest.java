package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.Problem;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.Prepaid;
import io.hadal.platform.budget.SettledSource;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.limits.SubjectLookup;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.usage.Work;
import io.hadal.server.http.Exchange;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LimitBudgetEndpointsTest {
  private final Clock clock = Clock.fixed(Instant.parse("2026-11-29T10:00:00Z"), ZoneOffset.UTC);
  private final Database database = TestDatabases.open(DatabaseKind.SQLITE);
  private final RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock);
  private final Budgets budgets =
      new Budgets(
          database, LeaseOptions.alone("n1"), clock, SettledSource.NONE, (handle, alert) -> {});
  private final SubjectLookup subjects = new SubjectLookup(database);
  private final List<Endpoint> endpoints =
      Stream.of(
              new LimitEndpoints(limits, subjects, clock),
              new BudgetEndpoints(budgets, subjects, clock))
          .flatMap(group -> group.endpoints().stream())
          .toList();
  private final Exchange exchange =
      (Exchange)
          Proxy.newProxyInstance(
              Exchange.class.getClassLoader(),
              new Class<?>[] {Exchange.class},
              (proxy, method, arguments) -> {
                throw new AssertionError("an answer of JSON needs no exchange");
              });
  private final Identity identity =
      new Identity("o", "t", "p", "k", null, Set.of(), List.of(), ProjectPolicy.DEFAULT);

  @BeforeEach
  void tenants() {
    database.run(
        h -> {
          for (String org : List.of("o", "o2")) {
            h.execute("INSERT INTO org VALUES (?, ?, 'active', NULL, 1)", org, org);
          }
          h.execute("INSERT INTO team VALUES ('t', 'o', 'team', 1)");
          h.execute(
              "INSERT INTO project VALUES ('p', 'o', 't', 'slug', 'project', 'active', '{}', 1)");
          h.execute(
              "INSERT INTO api_key (id, kid, project_id, name, last4, secret_mac, pepper, scopes,"
                  + " models, addresses, limits, created_at)"
                  + " VALUES ('k', 'kid', 'p', 'key', 'abcd', 'mac', 1, '', '', '', '', 1)");
        });
  }

  @AfterEach
  void close() {
    limits.close();
    budgets.close();
    database.close();
  }

  private @Nullable JsonNode call(
      @Nullable String org, String method, String path, String id, String query, String body)
      throws IOException {
    Endpoint endpoint =
        endpoints.stream()
            .filter(e -> e.method().equals(method) && e.path().equals(path))
            .findFirst()
            .orElseThrow();
    Map<String, String> parameters =
        query.isEmpty()
            ? Map.of()
            : Map.of(
                query.substring(0, query.indexOf('=')), query.substring(query.indexOf('=') + 1));
    return endpoint
        .handler()
        .handle(
            new AdminCall(
                new Actor(
                    "a",
                    "Ann",
                    org,
                    List.of(new Actor.Grant(Role.ADMIN, "org", String.valueOf(org))),
                    "127.0.0.1"),
                Map.of("id", id, "project", id),
                parameters,
                Json.parse(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "body"),
                exchange,
                "req_1"));
  }

  private JsonNode ask(String method, String path, String id, String body) throws IOException {
    return Objects.requireNonNull(call("o", method, path, id, "", body));
  }

  private void refuses(String path, String body, String message) {
    assertThatThrownBy(() -> ask("POST", path, "", body))
        .isInstanceOf(Problem.class)
        .hasMessageContaining(message);
  }

  private Work work(long prompt) {
    return new Work(
        identity, "r", 1, "openai", "chat", "m", "m@1", "local", prompt, 10, null, null, Map.of(),
        null);
  }

  @Test
  void setsLimitsAndSaysWhichBlocks() throws Exception {
    String id =
        ask(
                "POST",
                "/limits",
                "",
                "{'scope_type':'project','scope_id':'p','dimension':'rpm','amount':10,'model':'m*'}")
            .get("id")
            .stringValue();
    JsonNode tokens =
        ask(
            "POST",
            "/limits",
            "",
            "{'scope_type':'key','scope_id':'*','dimension':'tpm_in_uncached','amount':1000,"
                + "'cache_weight':0.25}");
    assertThat(tokens.get("cache_weight").decimalValue()).isEqualByComparingTo("0.25");
    assertThat(tokens.get("created_by").stringValue()).isEqualTo("Ann");
    assertThat(ask("GET", "/limits", "", "{}").get("data")).hasSize(2);
    JsonNode page = Objects.requireNonNull(call("o", "GET", "/limits", "", "limit=1", "{}"));
    assertThat(page.get("data")).hasSize(1);
    assertThat(
            Objects.requireNonNull(
                    call(
                        "o", "GET", "/limits", "", "after=" + page.get("next").stringValue(), "{}"))
                .get("data"))
        .hasSize(1);
    assertThat(Objects.requireNonNull(call("o2", "GET", "/limits", "", "", "{}")).get("data"))
        .isEmpty();

    limits.admit(work(100), 0);
    JsonNode check = ask("POST", "/limit-checks", "", "{'key_id':'k','model':'m','tokens':50}");
    assertThat(check.get("blocked").booleanValue()).isTrue();
    assertThat(check.get("data")).hasSize(2);
    assertThat(check.get("data").get(0).get("left").longValue()).isEqualTo(900);
    assertThat(check.get("data").get(1).get("blocks").booleanValue()).isTrue();
    assertThat(
            ask("GET", "/limits/{id}/state", id, "{}").get("data").get(0).get("left").longValue())
        .isZero();
    assertThatThrownBy(() -> limits.admit(work(1), 0)).isInstanceOf(Refusal.class);
    ask("PATCH", "/limits/{id}", id, "{'amount':1000}");
    limits.admit(work(1), 0);
    assertThat(call("o", "DELETE", "/limits/{id}", id, "", "{}")).isNull();
    assertThatThrownBy(() -> ask("GET", "/limits/{id}", id, "{}")).isInstanceOf(Problem.class);
    assertThat(
            ask("POST", "/limit-checks", "", "{'project_id':'p','model':'m'}")
                .get("blocked")
                .booleanValue())
        .isFalse();
  }

  @Test
  void setsBudgetsAndSaysHowTheyStand() throws Exception {
    JsonNode budget =
        ask(
            "POST",
            "/budgets",
            "",
            "{'scope_type':'project','scope_id':'p','name':'team','window':'month',"
                + "'zone':'Europe/Berlin','limit_usd':'12.50','soft_percents':[50]}");
    String id = budget.get("id").stringValue();
    assertThat(budget.get("limit_nano").longValue()).isEqualTo(12_500_000_000L);
    assertThat(budget.get("limit_usd").stringValue()).isEqualTo("12.5");
    Objects.requireNonNull(budgets.hold(work(1), clock.millis(), 10_000_000_000L))
        .settle(7_000_000_000L);
    Objects.requireNonNull(budgets.hold(work(1), clock.millis(), 1_000_000_000L));
    JsonNode state = ask("GET", "/budgets/{id}/state", id, "{}").get("data").get(0);
    assertThat(state.get("settled_usd").stringValue()).isEqualTo("7");
    assertThat(state.get("held_nano").longValue()).isEqualTo(1_000_000_000L);
    assertThat(state.get("remaining_usd").stringValue()).isEqualTo("4.5");
    assertThat(state.get("window_end").stringValue()).isEqualTo("2026-11-30T23:00:00Z");
    JsonNode alerts = ask("GET", "/budget-alerts", "", "{}").get("data");
    assertThat(alerts).hasSize(1);
    assertThat(alerts.get(0).get("percent").intValue()).isEqualTo(50);
    JsonNode changed =
        ask(
            "PATCH",
            "/budgets/{id}",
            id,
            "{'limit_nano':9000000000,'action':'downgrade','downgrade_to':'small'}");
    assertThat(changed.get("soft_percents").get(0).intValue()).isEqualTo(50);
    assertThatThrownBy(() -> budgets.hold(work(1), clock.millis(), 2_000_000_000L))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("'small'");
    assertThatThrownBy(() -> ask("PATCH", "/budgets/{id}", id, "{'window':'day'}"))
        .isInstanceOf(Problem.class);
    assertThatThrownBy(() -> call("o2", "GET", "/budgets/{id}", id, "", "{}"))
        .isInstanceOf(Problem.class);
    call("o", "DELETE", "/budgets/{id}", id, "", "{}");
    assertThat(ask("GET", "/budgets", "", "{}").get("data")).isEmpty();

    database.run(h -> Prepaid.credit(h, "p", 3_000_000_000L, 0, "topup:1", 0));
    assertThat(
            ask("GET", "/budget-balances/{project}", "p", "{}").get("remaining_usd").stringValue())
        .isEqualTo("3");
  }

  @Test
  void namesWhatIsWrong() {
    refuses("/limits", "{}", "scope_type");
    refuses("/limits", "{'scope_type':'planet','scope_id':'*'}", "scope_type must be org, team");
    refuses("/limits", "{'scope_type':'project','scope_id':'nope','dimension':'rpm'}", "scope_id");
    refuses("/limits", "{'scope_type':'org','scope_id':'o2','dimension':'rpm'}", "scope_id");
    refuses(
        "/limits", "{'scope_type':'key','scope_id':'k','dimension':'x'}", "dimension must be rpm");
    refuses(
        "/limits", "{'scope_type':'key','scope_id':'k','dimension':'rpm'}", "amount is required");
    refuses(
        "/limits",
        "{'scope_type':'key','scope_id':'k','dimension':'rpm','amount':0}",
        "amount must be");
    refuses(
        "/limits",
        "{'scope_type':'key','scope_id':'k','dimension':'rpm','amount':1,'model':'[a]'}",
        "with * for anything");
    refuses("/limit-checks", "{'model':'m'}", "key_id");
    refuses("/limit-checks", "{'model':'m','project_id':'x'}", "project_id names nothing");
    refuses("/limit-checks", "{'model':'m','project_id':'p','key_id':'k'}", "not both");
    String budget = "{'scope_type':'key','scope_id':'k','name':'b','window':'day',";
    refuses("/budgets", budget + "'limit_usd':'1e30'}", "limit_usd must be from 0 to");
    refuses("/budgets", budget + "'limit_usd':'1e999999999'}", "limit_usd");
    refuses("/budgets", budget + "'limit_usd':'0.0000000001'}", "nine decimals");
    refuses("/budgets", budget + "'limit_usd':'abc'}", "decimal");
    refuses("/budgets", budget + "'limit_usd':'1','limit_nano':1}", "not both");
    refuses("/budgets", budget + "'limit_nano':-1}", "limit_nano");
    refuses("/budgets", budget + "'zone':'Mars'}", "limit_nano is required");
    refuses("/budgets", budget + "'limit_nano':1,'zone':'Mars'}", "zone");
    refuses("/budgets", budget + "'limit_nano':1,'action':'downgrade'}", "downgrade_to");
    refuses("/budgets", budget + "'limit_nano':1,'soft_percents':[0]}", "soft_percents");
    refuses(
        "/budgets",
        "{'scope_type':'end_user','scope_id':'x','name':'b','window':'day','limit_nano':1}",
        "PROJECT/HASH");
  }

  @Test
  void whatHasNoMinuteHasNoBurst() throws IOException {
    for (String dimension : List.of("concurrency", "rpd", "tpd")) {
      String body = "{'scope_type':'org','scope_id':'o','dimension':'" + dimension + "','amount':9";
      assertThatThrownBy(
              () -> call("o", "POST", "/limits", "", "", (body + ",'burst':3}").replace('\'', '"')))
          .isInstanceOf(Problem.class)
          .extracting(e -> ((Problem) e).param())
          .isEqualTo("burst");
      assertThat(call("o", "POST", "/limits", "", "", (body + "}").replace('\'', '"'))).isNotNull();
    }
  }
}

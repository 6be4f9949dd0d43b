package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.LimitState;
import io.hadal.platform.Refusal;
import io.hadal.platform.Refusal.Reason;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MeteredTurnsTest {
  private static final String KEY = "key-of-a-test";

  /** Writes down what it sees; lets turns pass until a number of tokens. */
  private static final class Ledger implements Gate {
    final List<Work> works = new CopyOnWriteArrayList<>();
    final List<Ending> endings = new CopyOnWriteArrayList<>();
    final AtomicReference<@Nullable Refusal> refusal = new AtomicReference<>();
    volatile long budget = Long.MAX_VALUE;

    @Override
    public Metered admit(Work work) {
      Refusal told = refusal.get();
      if (told != null) {
        throw told;
      }
      works.add(work);
      return new Metered() {
        private boolean over;

        @Override
        public boolean produced(Quantities soFar) {
          return soFar.output() <= budget;
        }

        @Override
        public synchronized long end(Ending ending) {
          if (!over) {
            endings.add(ending);
          }
          over = true;
          return 1;
        }

        @Override
        public synchronized long cost() {
          return over ? 1 : 0;
        }

        @Override
        public LimitState limits() {
          return new LimitState(
              100,
              99,
              1500,
              5000,
              4000,
              61_000,
              LimitState.Tokens.NONE,
              new LimitState.Tokens(700, 600, 2000));
        }
      };
    }
  }

  private static final Ledger LEDGER = new Ledger();
  private static volatile ProjectPolicy policy = ProjectPolicy.DEFAULT;

  private static final TestServer SERVER =
      TestServer.with(new PlatformAccess(MeteredTurnsTest::identify, LEDGER));

  private static Identity identify(@Nullable String key, String address, @Nullable String project) {
    if (!KEY.equals(key)) {
      throw new Refusal(Reason.UNAUTHENTICATED, "Incorrect API key provided.");
    }
    return new Identity(
        "org_1", "team_1", "prj_1", "key_1", null, Set.of(Scope.INFERENCE), List.of("ti*"), policy);
  }

  @AfterAll
  static void close() {
    SERVER.close();
  }

  @BeforeEach
  void forget() {
    LEDGER.works.clear();
    LEDGER.endings.clear();
    LEDGER.refusal.set(null);
    LEDGER.budget = Long.MAX_VALUE;
    policy = ProjectPolicy.DEFAULT;
  }

  private static HttpResponse<String> post(String path, String body, String... headers)
      throws Exception {
    String[] all = new String[headers.length + 2];
    all[0] = "x-api-key";
    all[1] = KEY;
    System.arraycopy(headers, 0, all, 2, headers.length);
    return SERVER.post(path, body, all);
  }

  private static String chat(boolean stream, int tokens) {
    return "{'model':'tiny','max_tokens':"
        + tokens
        + ",'stream':"
        + stream
        + ",'messages':[{'role':'user','content':'P'}]}";
  }

  @Test
  void tagsThatNobodyCouldFindAreRefused() throws Exception {
    for (String tags :
        List.of(
            "team=a,bad",
            "cost center=no",
            "team=",
            "a=1,a=2",
            "k" + "e".repeat(40) + "=1",
            "k=" + "v".repeat(81),
            "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1")) {
      HttpResponse<String> answer =
          post("/v1/chat/completions", chat(false, 1), "x-hadal-tags", tags);
      assertThat(answer.statusCode()).as(tags).isEqualTo(400);
      assertThat(answer.body()).as(tags).contains("\"param\":\"x-hadal-tags\"");
    }
  }

  @Test
  void everyTurnIsEndedOnceWithWhatItTook() throws Exception {
    for (boolean stream : new boolean[] {false, true}) {
      forget();
      HttpResponse<String> answer =
          post(
              "/v1/chat/completions",
              chat(stream, 5),
              "x-session-id",
              "abc",
              "x-hadal-tags",
              "team=a, env=test");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(LEDGER.works).hasSize(1);
      Work work = LEDGER.works.getFirst();
      assertThat(work.identity().project()).isEqualTo("prj_1");
      assertThat(work.requestId()).isEqualTo(answer.headers().firstValue("x-request-id").get());
      assertThat(work.alias()).isEqualTo("tiny");
      assertThat(work.modelVersion()).isEqualTo("tiny@2026-01-01");
      assertThat(work.tags()).containsOnlyKeys("team", "env");
      assertThat(work.session()).isNotNull().doesNotContain("abc");
      assertThat(LEDGER.endings).hasSize(1);
      Ending ending = LEDGER.endings.getFirst();
      boolean cut = answer.body().contains("\"finish_reason\":\"length\"");
      assertThat(ending.outcome()).isEqualTo(cut ? Outcome.LENGTH : Outcome.COMPLETED);
      assertThat(ending.quantities().input()).isEqualTo(work.promptTokens());
      assertThat(ending.quantities().output()).isBetween(1L, 5L);
      assertThat(answer.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("99");
      assertThat(answer.headers().firstValue("x-ratelimit-reset-requests")).hasValue("1.5s");
      assertThat(answer.headers().firstValue("x-ratelimit-reset-tokens")).hasValue("1m1s");
    }
  }

  @Test
  void theClassIsRecorded() throws Exception {
    String tool = ",'tools':[{'type':'function','function':{'name':'f','parameters':{}}}]";
    for (String[] one :
        new String[][] {
          {"", "interactive"},
          {",'service_tier':'flex'", "batch"},
          {tool, "agent"},
          {tool + ",'tool_choice':'none'", "interactive"}
        }) {
      forget();
      assertThat(
              post("/v1/chat/completions", chat(false, 1).replaceFirst("\\}$", one[0] + "}"))
                  .statusCode())
          .isEqualTo(200);
      assertThat(LEDGER.works.getFirst().priority()).as(one[0]).isEqualTo(one[1]);
    }
  }

  @Test
  void limitsAreInTheDialectsHeaders() throws Exception {
    HttpResponse<String> answer =
        post(
            "/v1/messages",
            "{'model':'tiny','max_tokens':2,'messages':[{'role':'user','content':'P'}]}");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("anthropic-ratelimit-tokens-remaining"))
        .hasValue("4000");
    assertThat(answer.headers().firstValue("anthropic-ratelimit-output-tokens-limit"))
        .hasValue("700");
    assertThat(answer.headers().firstValue("anthropic-ratelimit-output-tokens-remaining"))
        .hasValue("600");
    assertThat(answer.headers().firstValue("anthropic-ratelimit-input-tokens-limit")).isEmpty();
    assertThat(
            Instant.parse(
                answer.headers().firstValue("anthropic-ratelimit-requests-reset").orElseThrow()))
        .isAfter(Instant.now().minusSeconds(5));
  }

  @Test
  void aUsedUpBudgetEndsAnAnswer() throws Exception {
    LEDGER.budget = 3;
    String most = ConnectionsTest.endless(SERVER, ",'max_tokens':400,'stream':true");
    HttpResponse<String> stream = post("/v1/chat/completions", most);
    assertThat(stream.statusCode()).isEqualTo(200);
    assertThat(stream.body()).contains("budget_exceeded").doesNotContain("[DONE]");
    assertThat(LEDGER.endings).hasSize(1);
    assertThat(LEDGER.endings.getFirst().outcome()).isEqualTo(Outcome.BUDGET_EXHAUSTED);
    assertThat(LEDGER.endings.getFirst().quantities().output()).isBetween(4L, 200L);
    // Not a short prompt: the model may end its answer before the money does.
    HttpResponse<String> whole =
        post("/v1/chat/completions", ConnectionsTest.endless(SERVER, ",'max_tokens':400"));
    assertThat(whole.statusCode()).isEqualTo(402);
    assertThat(LEDGER.endings).hasSize(2);
  }

  @Test
  void refusalsAreToldInTheClientsTerms() throws Exception {
    LEDGER.refusal.set(
        new Refusal(
            Reason.BUDGET, "The budget is used up.", 0, Instant.ofEpochSecond(1_900_000_000)));
    HttpResponse<String> chat = post("/v1/chat/completions", chat(true, 4));
    assertThat(chat.statusCode()).isEqualTo(402);
    assertThat(TestServer.json(chat).at("/error/code").asString()).isEqualTo("budget_exceeded");
    HttpResponse<String> responses =
        post("/v1/responses", "{'model':'tiny','input':'P','stream':true}");
    assertThat(responses.statusCode()).isEqualTo(429);
    assertThat(TestServer.json(responses).at("/error/type").asString())
        .isEqualTo("usage_limit_reached");
    assertThat(TestServer.json(responses).at("/error/resets_at").asLong())
        .isEqualTo(1_900_000_000L);
    LEDGER.refusal.set(
        new Refusal(Reason.RATE_LIMIT, "Too many. Please try again in 1.2s.", 1200, null));
    HttpResponse<String> limited = post("/v1/chat/completions", chat(false, 4));
    assertThat(limited.statusCode()).isEqualTo(429);
    assertThat(limited.headers().firstValue("retry-after")).hasValue("2");
    assertThat(limited.headers().firstValue("retry-after-ms")).hasValue("1200");
    assertThat(limited.headers().firstValue("x-should-retry")).hasValue("true");
    assertThat(LEDGER.endings).isEmpty();
  }

  @Test
  void aKeyMayUseTheModelsOfItsListOnly() throws Exception {
    HttpResponse<String> other =
        post("/v1/chat/completions", chat(false, 2).replace("tiny", "claude-tiny"));
    assertThat(other.statusCode()).isEqualTo(403);
    assertThat(TestServer.json(other).at("/error/code").asString()).isEqualTo("model_not_allowed");
    HttpResponse<String> nobody = SERVER.post("/v1/chat/completions", chat(false, 2));
    assertThat(nobody.statusCode()).isEqualTo(401);
    assertThat(LEDGER.works).isEmpty();
  }

  @Test
  void whoLeavesPaysForWhatWasComputed() throws Exception {
    HttpRequest request =
        SERVER
            .request("/v1/chat/completions")
            .header("content-type", "application/json")
            .header("x-api-key", KEY)
            .POST(HttpRequest.BodyPublishers.ofString(chat(true, 900).replace('\'', '"')))
            .build();
    HttpResponse<InputStream> answer =
        SERVER.http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = answer.body()) {
      assertThat(in.read(new byte[200])).isPositive();
    }
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (LEDGER.endings.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(LEDGER.endings).hasSize(1);
    assertThat(LEDGER.endings.getFirst().outcome()).isEqualTo(Outcome.CLIENT_LEFT);
    assertThat(LEDGER.endings.getFirst().quantities().input())
        .isEqualTo(LEDGER.works.getFirst().promptTokens());
  }

  @Test
  void nothingOfAZeroRetentionProjectIsKept() throws Exception {
    policy = new ProjectPolicy(false, true, false, 0, "project", List.of(), "off");
    long kept = SERVER.served.dispatcher().stats().prefixMemoryBytes();
    String ask = chat(false, 3).replace("'P'", "'one two three four five six seven eight'");
    String[] key = {"idempotency-key", "zdr-1"};
    assertThat(post("/v1/chat/completions", ask, key).statusCode()).isEqualTo(200);
    HttpResponse<String> again = post("/v1/chat/completions", ask, key);
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(TestServer.json(again).at("/error/code").asString())
        .isEqualTo("idempotency_replay_unavailable");
    HttpResponse<String> fresh = post("/v1/chat/completions", ask);
    assertThat(TestServer.json(fresh).at("/usage/prompt_tokens_details/cached_tokens").asInt())
        .isZero();
    assertThat(SERVER.served.dispatcher().stats().prefixMemoryBytes()).isEqualTo(kept);
  }

  @Test
  void aRequestIsKeptFromRetentionHoweverItSaysSo() throws Exception {
    String ask = chat(false, 3);
    for (String yes : List.of("true", "TRUE", " True", "false,true")) {
      String[] wish = {"idempotency-key", "zdr-" + yes, "x-hadal-zdr", yes};
      assertThat(post("/v1/chat/completions", ask, wish).statusCode()).isEqualTo(200);
      assertThat(post("/v1/chat/completions", ask, wish).statusCode()).as(yes).isEqualTo(409);
    }
    for (String other : List.of("1", "yes", "true;", "")) {
      HttpResponse<String> refused = post("/v1/chat/completions", ask, "x-hadal-zdr", other);
      assertThat(refused.statusCode()).as(other).isEqualTo(400);
      assertThat(refused.body()).contains("x-hadal-zdr must be true or false");
    }
    String[] no = {"idempotency-key", "zdr-no", "x-hadal-zdr", "False"};
    assertThat(post("/v1/chat/completions", ask, no).statusCode()).isEqualTo(200);
    assertThat(post("/v1/chat/completions", ask, no).statusCode()).isEqualTo(200);
  }

  private static String of(String user, String words) {
    return chat(false, 2).replace("'P'", "'" + words + "'").replace("'stream'", user + ",'stream'");
  }

  private static int cached(String body) throws Exception {
    HttpResponse<String> answer = post("/v1/chat/completions", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestServer.json(answer).at("/usage/prompt_tokens_details/cached_tokens").asInt();
  }

  @Test
  void endUsersAreKnownAsHashes() throws Exception {
    for (String user :
        List.of("'user':'ann'", "'safety_identifier':'ann'", "'metadata':{'user_id':'ann'}")) {
      cached(of(user, "P"));
    }
    cached(of("'user':'bob'", "P"));
    cached(chat(false, 2));
    // Claude Code: two sessions of one account.
    for (String session : List.of("1", "2")) {
      String user = "{'account_uuid':'acc','session_id':'" + session + "'}";
      String body =
          "{'model':'tiny','max_tokens':1,'metadata':{'user_id':USER},'messages':[{'role':'user',"
              + "'content':'P'}]}";
      post("/v1/messages", body.replace("USER", "'" + user.replace("'", "\\u0022") + "'"));
    }
    List<@Nullable String> users = new ArrayList<>();
    LEDGER.works.forEach(work -> users.add(work.endUser()));
    assertThat(users).hasSize(7);
    assertThat(users.subList(0, 3)).containsOnly(users.get(0)).doesNotContainNull();
    assertThat(users.get(0)).matches("[0-9a-f]{24}");
    assertThat(users.get(3)).isNotNull().isNotEqualTo(users.get(0));
    assertThat(users.get(4)).isNull();
    assertThat(users.get(5)).isNotNull().isEqualTo(users.get(6));
  }

  @Test
  void usersOfAProjectShareNoPromptsWhereItsPolicySaysSo() throws Exception {
    policy = new ProjectPolicy(false, false, false, 0, "user", List.of(), "off");
    String words = "one two three four five six seven eight nine";
    cached(of("'user':'ann'", words));
    assertThat(cached(of("'user':'bob'", words))).isZero();
    assertThat(cached(of("'user':'ann'", words))).isPositive();
  }

  @Test
  void aPolicyBoundsWhatIsRetainedOfPrompts() throws Exception {
    policy = ProjectPolicy.DEFAULT.with(TestServer.json("{\"cache_bytes\":1}"));
    String words = "ten eleven twelve thirteen fourteen fifteen";
    cached(of("'user':'ann'", words));
    assertThat(cached(of("'user':'ann'", words))).isZero();
  }
}

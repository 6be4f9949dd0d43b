package io.hadal.server.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.Seal;
import io.hadal.platform.SecretText;
import io.hadal.platform.cluster.BlockCounts;
import io.hadal.platform.cluster.BlockDigest;
import io.hadal.platform.cluster.Engine;
import io.hadal.platform.cluster.Load;
import io.hadal.server.routing.body.PromptBlocks;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.Strategy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Prompts by their blocks, and which engine has them. */
class CachedPromptsTest {
  private static final String SYSTEM = "{'role':'system','content':'The same for all'},";
  private static final String FIRST = "{'role':'user','content':'Question one'}";
  private static final String SECOND =
      ",{'role':'assistant','content':'x'},{'role':'user','content':'go on'}";

  private static RequestView view(String messages) {
    String json = "{'model':'m','messages':[" + messages + "]}";
    return Objects.requireNonNull(
        RequestView.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), Operation.CHAT));
  }

  private static PromptBlocks blocks(String messages) {
    return PromptBlocks.of(view(messages), "p");
  }

  private static int common(PromptBlocks a, PromptBlocks b) {
    int n = 0;
    while (n < Math.min(a.hashes().length, b.hashes().length) && a.hashes()[n] == b.hashes()[n]) {
      n++;
    }
    return n;
  }

  @Test
  void promptsShareTheBlocksOfTheirBeginning() {
    PromptBlocks one = blocks(SYSTEM + FIRST);
    PromptBlocks two = blocks(SYSTEM + FIRST + SECOND);
    assertThat(one.hashes()).hasSize(2);
    assertThat(one.opening()).isEqualTo(2);
    assertThat(two.hashes()).hasSize(4);
    assertThat(two.opening()).isEqualTo(2);
    assertThat(common(one, two)).isEqualTo(2);
    PromptBlocks other = blocks(SYSTEM + FIRST.replace("one", "two"));
    assertThat(common(one, other)).as("the system text").isEqualTo(1);
    assertThat(common(one, PromptBlocks.of(view(SYSTEM + FIRST), "q"))).as("projects").isZero();
    assertThat(common(one, blocks(SYSTEM.replace("system", "user") + FIRST))).as("roles").isZero();
    String marked =
        "{'role':'user','content':[{'type':'text','text':'Question one',"
            + "'cache_control':{'type':'ephemeral'}}]}";
    assertThat(blocks(SYSTEM + marked).hashes()).as("markers").isEqualTo(one.hashes());

    String text = "word ".repeat(4000);
    PromptBlocks longer = blocks("{'role':'user','content':'" + text + "'}" + SECOND);
    assertThat(longer.opening()).isEqualTo(5);
    assertThat(common(longer, blocks("{'role':'user','content':'" + text + "end'}"))).isEqualTo(4);
    assertThat(blocks((FIRST + ",").repeat(999) + FIRST).hashes()).hasSize(PromptBlocks.MOST);
    assertThat(blocks("").hashes()).isEmpty();
  }

  @Test
  void randomMessagesBreakNothing() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] body =
          "{\"model\":\"m\",\"system\":[{\"text\":\"a\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"b\"}]}]}"
              .getBytes(StandardCharsets.UTF_8);
      for (int j = 0; j < 3; j++) {
        body[random.nextInt(body.length)] = (byte) "\"{}[]:,\\x".charAt(random.nextInt(9));
      }
      RequestView view = RequestView.of(body, Operation.CHAT);
      if (view != null) {
        assertThat(PromptBlocks.of(view, "p").hashes().length).isLessThan(10);
      }
    }
  }

  private static BlockDigest digest(PromptBlocks... prompts) {
    BlockCounts counts = new BlockCounts();
    for (PromptBlocks prompt : prompts) {
      for (long hash : prompt.hashes()) {
        counts.add(hash);
      }
    }
    return counts.digest();
  }

  private static EngineNode node(String name, int load, boolean draining, BlockDigest digest) {
    return new EngineNode(
        name,
        new Engine("http://127.0.0.1:1", List.of("m"), "m@1", 100, 1, null),
        new Load(load, 0, draining),
        digest);
  }

  @Test
  void aGatewayIsReadyWhenAnEngineIs() {
    try (Router router =
        new Router(
            name -> false,
            1000,
            Seal.ofProcess(),
            Duration.ofSeconds(1),
            System::currentTimeMillis)) {
      assertThat(router.available()).isFalse();
      router.engines(
          List.of(node("a", 0, true, digest())), (identity, zdr) -> new SecretText("shown"));
      assertThat(router.available()).isFalse();
      router.engines(
          List.of(node("a", 0, true, digest()), node("b", 0, false, digest())),
          (identity, zdr) -> new SecretText("shown"));
      assertThat(router.available()).isTrue();
    }
  }

  private static List<String> order(long session, String messages, EngineNode... nodes) {
    EngineNodes engines =
        EngineNodes.NONE.with(
            List.of(nodes), Duration.ofSeconds(1), request -> new SecretText("shown"));
    List<Candidate> candidates = new ArrayList<>();
    for (Backend backend : engines.has("m")) {
      candidates.add(
          new Candidate(
              backend, Objects.requireNonNull(backend.config().model("m")), Operation.CHAT));
    }
    RequestView view = view(messages);
    return new CandidateOrder(new Random(1))
            .order(
                Strategy.AFFINITY,
                candidates,
                view,
                ProviderWishes.NONE,
                session,
                () -> PromptBlocks.of(view, "p"))
            .stream()
            .map(Candidate::name)
            .toList();
  }

  @Test
  void aConversationGoesToWhereItIsCached() {
    BlockDigest none = BlockDigest.EMPTY;
    // A session whose home is a, by its key.
    long session = 0;
    while (!order(session, FIRST, node("a", 0, false, none), node("b", 0, false, none))
        .getFirst()
        .equals("a")) {
      session++;
    }
    String later = SYSTEM + FIRST + SECOND;
    BlockDigest has = digest(blocks(SYSTEM + FIRST));
    assertThat(order(session, later, node("a", 0, false, none), node("b", 0, false, has)))
        .as("it was with b before a came")
        .containsExactly("b", "a");
    assertThat(order(session, later, node("a", 0, false, has), node("b", 0, false, has)))
        .as("both have it")
        .containsExactly("a", "b");
    BlockDigest system = digest(blocks(SYSTEM + FIRST.replace("one", "other")));
    assertThat(order(session, later, node("a", 0, false, none), node("b", 0, false, system)))
        .as("what all sessions begin with draws none")
        .containsExactly("a", "b");
    assertThat(order(session, later, node("a", 2, false, none), node("b", 60, false, has)))
        .as("b has too much to do")
        .containsExactly("a", "b");
    assertThat(order(session, later, node("a", 60, false, none), node("b", 2, false, none)))
        .as("the load that nodes publish counts")
        .containsExactly("b", "a");
    assertThat(order(session, later, node("a", 0, true, has), node("b", 0, false, none)))
        .as("a takes no more")
        .containsExactly("b");
    assertThat(order(session, later, node("a", 0, true, has))).containsExactly("a");
  }
}

package io.hadal.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.ChatRequest;
import io.hadal.chat.Usage;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import io.hadal.platform.tenancy.Place;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class CacheExplainerTest {
  private static final Place PLACE = Place.project("o", "t", "p");

  private final CacheExplainer explainer = new CacheExplainer(Clock.systemUTC());

  private static ToolDefinition tool(String name) {
    return new ToolDefinition(
        (ObjectNode)
            Json.parse(("{\"name\":\"" + name + "\"}").getBytes(StandardCharsets.UTF_8), "tool"));
  }

  private static ChatRequest request(List<ToolDefinition> tools, Message... messages) {
    return new ChatRequest()
        .tools(tools)
        .messages(List.of(messages))
        .client(new ChatRequest.Client("t", "k"));
  }

  private CacheMiss ask(ChatRequest request) {
    return Objects.requireNonNull(explainer.ask(request, "s")).difference();
  }

  @Test
  void saysWhereTwoPromptsPartAndWhy() {
    Message system = Message.system("You help.");
    Message user = Message.user("Hi");
    Message reasoned =
        Message.builder(Role.ASSISTANT).text("Hello").reasoning("They greet.").build();
    Message called =
        Message.builder(Role.ASSISTANT)
            .text("")
            .toolCalls(List.of(ToolCall.of("c1", "look", "{\"a\":1}")))
            .build();
    Message again =
        Message.builder(Role.ASSISTANT)
            .text("")
            .toolCalls(List.of(ToolCall.of("c1", "look", "{\"a\": 1}")))
            .build();
    List<ToolDefinition> tools = List.of(tool("a"), tool("b"));
    assertThat(ask(request(tools, system, user)).cause()).isEqualTo("first");
    assertThat(ask(request(tools, system, user, reasoned)).cause()).isEqualTo("extended");
    CacheMiss bare = ask(request(tools, system, user, Message.assistant("Hello")));
    assertThat(bare.cause()).isEqualTo("reasoning_missing");
    assertThat(bare.position()).isEqualTo(3);
    assertThat(bare.kind()).isEqualTo("assistant");
    assertThat(bare.beforeCharacters()).isEqualTo(16);
    assertThat(bare.afterCharacters()).isEqualTo(5);
    assertThat(ask(request(tools, system, user, called)).cause()).isEqualTo("message_edited");
    assertThat(ask(request(tools, system, user, again)).cause()).isEqualTo("calls_rewritten");
    assertThat(ask(request(List.of(tool("b"), tool("a")), system, user, again)).cause())
        .isEqualTo("tools_reordered");
    assertThat(ask(request(List.of(tool("c")), system, user)).cause()).isEqualTo("tools_changed");
    CacheMiss changed =
        ask(request(List.of(tool("c")), Message.system("You help. It is Monday."), user));
    assertThat(changed.cause()).isEqualTo("system_changed");
    assertThat(changed.sameCharacters()).isEqualTo(12);
    assertThat(changed.header())
        .startsWith("cause=system_changed; part=1; kind=system; same_characters=12; before=")
        .doesNotContain("Monday");
    assertThat(ask(request(List.of(tool("c")), Message.system("You help. It is Monday."))).cause())
        .isEqualTo("shortened");
  }

  @Test
  void tellsTheForgottenFromTheChangedAndKeepsNothingOfWhoWantsThat() {
    ChatRequest one = request(List.of(), Message.user("Hi"));
    ChatRequest two = request(List.of(), Message.user("Hi"), Message.assistant("Hello"));
    answer(one, 100, 0);
    answer(two, 20, 180);
    answer(two, 180, 20);
    assertThat(explainer.entries(e -> true, 10))
        .extracting(e -> e.miss().cause())
        .containsExactly("lost", "extended", "first");
    assertThat(explainer.entries(e -> e.session().equals("other"), 10)).isEmpty();
    assertThat(explainer.ask(one.copy().client(new ChatRequest.Client("t", "k", false)), "s"))
        .isNull();
  }

  private void answer(ChatRequest request, int computed, int cached) {
    explainer.answered(
        Objects.requireNonNull(explainer.ask(request, null)),
        PLACE,
        "req",
        "m",
        new Usage(computed, cached, 0, 1, 0));
  }
}

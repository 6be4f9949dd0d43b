package io.hadal.formats.prompt;

import static io.hadal.formats.prompt.PromptResources.messages;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of the encoder that the released vectors do not reach. */
class PromptEncoderTest {
  private static final String BOS = "<｜begin▁of▁sentence｜>";
  private static final String EOS = "<｜end▁of▁sentence｜>";
  private static final String TOOL = "{'type':'function','function':{'name':'f'}}";

  private static final RenderOptions CHAT = RenderOptions.of(ThinkingMode.CHAT);
  private static final RenderOptions THINKING = RenderOptions.of(ThinkingMode.THINKING);

  private final PromptEncoder v4 = new PromptEncoder(PromptDialect.V4);
  private final PromptEncoder graded = new PromptEncoder(PromptDialect.V4_GRADED_EFFORT);
  private final PromptEncoder v41 = new PromptEncoder(PromptDialect.V4_1);

  private static List<Message> talk(String json) {
    return messages(json.replace('\'', '"'));
  }

  @Test
  void v4EffortTextsFollowTheRelease() {
    List<Message> hi = List.of(Message.system("s"), Message.user("hi"));
    String plain = BOS + "s<｜User｜>hi<｜Assistant｜><think>";
    assertThat(v4.render(hi, effort("none"))).isEqualTo(plain);
    assertThat(v4.render(hi, effort("high"))).isEqualTo(plain);
    assertThat(graded.render(hi, effort("none"))).isEqualTo(plain);
    assertThat(graded.render(hi, effort("low"))).isEqualTo(plain);
    String max = v4.render(hi, effort("max"));
    assertThat(max)
        .startsWith(BOS + "Reasoning Effort: Absolute maximum with no shortcuts permitted.\nYou ")
        .endsWith("no assumption is left unchecked.\n\n" + plain.substring(BOS.length()));
    assertThat(max.lines().count()).isEqualTo(5);
    assertThat(graded.render(hi, effort("high"))).isEqualTo(max);
    assertThat(graded.render(hi, effort("max")))
        .startsWith(BOS + "Reasoning Effort: Beyond maximum — exhaustive, relentless, and ")
        .endsWith(
            "certain that no assumption remains unchecked and no error remains undiscovered.\n\n"
                + plain.substring(BOS.length()));
    assertThat(v4.render(hi, CHAT.withEffort(ReasoningEffort.named("max"))))
        .isEqualTo(BOS + "s<｜User｜>hi<｜Assistant｜></think>");
  }

  private static RenderOptions effort(String name) {
    return THINKING.withEffort(ReasoningEffort.named(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"low", "medium", ""})
  void v4RefusesUnknownEfforts(String name) {
    assertThatThrownBy(
            () ->
                v4.render(List.of(Message.user("x")), CHAT.withEffort(ReasoningEffort.named(name))))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("high, max, none");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 101, Integer.MAX_VALUE})
  void v41RefusesEffortsOutOfRange(int level) {
    assertThatThrownBy(
            () ->
                v41.render(
                    List.of(Message.user("x")), CHAT.withEffort(ReasoningEffort.level(level))))
        .isInstanceOf(FormatException.class);
  }

  @Test
  void v4DropsOldReasoningAndDevelopers() {
    List<Message> talk =
        talk(
            "[{'role':'developer','content':'d'},{'role':'assistant','content':'a',"
                + "'reasoning_content':'r'},{'role':'user','content':'u'},"
                + "{'role':'assistant','content':'b','reasoning_content':'s'}]");
    assertThat(v4.render(talk, THINKING))
        .isEqualTo(BOS + "a" + EOS + "<｜User｜>u<｜Assistant｜><think>s</think>b" + EOS);
    assertThat(v4.render(talk, THINKING.withDropThinking(false)))
        .isEqualTo(
            BOS
                + "<｜User｜>d<｜Assistant｜><think>r</think>a"
                + EOS
                + "<｜User｜>u<｜Assistant｜><think>s</think>b"
                + EOS);
  }

  @Test
  void toolsKeepReasoning() {
    List<Message> talk =
        talk(
            "[{'role':'system','content':'s','tools':["
                + TOOL
                + "]},{'role':'user','content':'u'},{'role':'assistant','content':'a',"
                + "'reasoning_content':'r'},{'role':'user','content':'v'}]");
    assertThat(v4.render(talk, THINKING)).contains("<think>r</think>a");
    // Tools on a user message are lost by V4, but still count in V4.1.
    List<Message> onUser =
        talk(
            "[{'role':'user','content':'u','tools':["
                + TOOL
                + "]},{'role':'assistant','content':'a','reasoning_content':'r'},"
                + "{'role':'user','content':'v'}]");
    assertThat(v4.render(onUser, THINKING)).contains("</think>a").doesNotContain("r</think>");
    assertThat(v41.render(onUser, THINKING)).contains("<think>r</think>a");
  }

  @Test
  void mergesToolAndUserMessagesIntoOneTurn() {
    assertThat(
            v4.render(
                talk(
                    "[{'role':'tool','tool_call_id':'x','content':'1'},"
                        + "{'role':'user','content':'2'},{'role':'tool','content':null},"
                        + "{'role':'user','content':'3','task':'query'}]"),
                CHAT))
        .isEqualTo(
            BOS
                + "<｜User｜><tool_result>1</tool_result>\n\n2\n\n"
                + "<tool_result>None</tool_result>\n\n3<｜Assistant｜></think>");
    assertThat(
            v4.render(
                talk(
                    "[{'role':'user','content':'1','task':'query'},{'role':'user','content':'2'}]"),
                CHAT))
        .isEqualTo(BOS + "<｜User｜>1<｜User｜>2<｜Assistant｜></think>");
  }

  @Test
  void ordersToolResultsLikeTheCalls() {
    String call = "{'id':'%s','type':'function','function':{'name':'f','arguments':'{}'}}";
    assertThat(
            v4.render(
                talk(
                    "[{'role':'user','content':'go'},{'role':'assistant','tool_calls':["
                        + call.formatted("a")
                        + ","
                        + call.formatted("b")
                        + ","
                        + call.formatted("c")
                        + "]},{'role':'tool','tool_call_id':'c','content':'C'},"
                        + "{'role':'user','content':'and'},"
                        + "{'role':'tool','tool_call_id':'b','content':'B'},"
                        + "{'role':'tool','tool_call_id':'?','content':'unknown'},"
                        + "{'role':'tool','tool_call_id':'a','content':'A'}]"),
                CHAT))
        .endsWith(
            "<｜User｜><tool_result>unknown</tool_result>\n\nand\n\n<tool_result>A</tool_result>"
                + "\n\n<tool_result>B</tool_result>\n\n<tool_result>C</tool_result>"
                + "<｜Assistant｜></think>");
  }

  @Test
  void imagesFollowThePrintedOrder() {
    String call = "{'id':'%s','type':'function','function':{'name':'f','arguments':'{}'}}";
    String result =
        "{'role':'tool','tool_call_id':'%1$s','content':"
            + "[{'type':'image_url','image_url':'%1$s.png'}]}";
    EncodedPrompt prompt =
        v41.encode(
            talk(
                "[{'role':'user','content':'go'},{'role':'assistant','content':'','tool_calls':["
                    + call.formatted("a")
                    + ","
                    + call.formatted("b")
                    + "]},"
                    + result.formatted("b")
                    + ","
                    + result.formatted("a")
                    + "]"),
            CHAT);
    assertThat(prompt.images().stream().map(ContentBlock.Image::url).toList())
        .containsExactly("a.png", "b.png");
  }

  @Test
  void v4RendersListResultsAndUnsupportedBlocks() {
    assertThat(
            v4.render(
                talk(
                    "[{'role':'tool','content':[{'type':'text','text':'a'},{'type':'audio'},"
                        + "{'type':'text','text':'b'}]}]"),
                CHAT))
        .contains("<tool_result>a\n\n[Unsupported audio]\n\nb</tool_result>");
  }

  @Test
  void contextIsNotPrinted() {
    List<Message> context =
        talk(
            "[{'role':'system','content':'s'},{'role':'user','content':'u'},"
                + "{'role':'assistant','content':'a','reasoning_content':'r'}]");
    assertThat(v4.render(List.of(Message.user("v")), THINKING.withContext(context)))
        .isEqualTo("<｜User｜>v<｜Assistant｜><think>");
    assertThat(v4.render(List.of(), CHAT)).isEqualTo(BOS);
  }

  @ParameterizedTest
  @CsvSource({"query", "authority", "domain", "title", "read_url"})
  void tasksFollowTheTurn(String task) {
    Message user = Message.user("u").toBuilder().task(task).build();
    assertThat(v4.render(List.of(user), THINKING)).isEqualTo(BOS + "<｜User｜>u<｜" + task + "｜>");
    // After a task the assistant answers without reasoning.
    Message answer = Message.assistant("a").toBuilder().reasoning("r").build();
    assertThat(v4.render(List.of(user, answer), THINKING))
        .isEqualTo(BOS + "<｜User｜>u<｜" + task + "｜>a" + EOS);
    Message last = Message.assistant("a").toBuilder().task(task).build();
    assertThat(v4.render(List.of(Message.user("u"), last), CHAT))
        .isEqualTo(BOS + "<｜User｜>u<｜Assistant｜></think>a" + EOS + "<｜" + task + "｜>");
  }

  @Test
  void actionAsksTheAssistant() {
    Message user = Message.user("u").toBuilder().task("action").build();
    assertThat(v4.render(List.of(user), THINKING))
        .isEqualTo(BOS + "<｜User｜>u<｜Assistant｜><think><｜action｜>");
  }

  @Test
  void argumentsThatAreNoObject() {
    List<Message> raw = List.of(call("not json"));
    assertThat(v4.render(raw, CHAT))
        .contains("<｜DSML｜parameter name=\"arguments\" string=\"true\">not json</｜DSML｜parameter>");
    assertThatThrownBy(() -> v4.render(List.of(call("[1]")), CHAT))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("must be a JSON object");
    assertThat(v41.render(List.of(call("[1]")), CHAT))
        .contains("name=\"arguments\" string=\"true\">[1]</");
    List<Message> list =
        talk("[{'role':'assistant','tool_calls':[{'function':{'name':'f','arguments':[1,2]}}]}]");
    assertThat(v41.render(list, CHAT)).contains("name=\"arguments\" string=\"false\">[1, 2]</");
  }

  private static Message call(String arguments) {
    return Message.builder(Role.ASSISTANT)
        .toolCalls(List.of(ToolCall.of("1", "f", arguments)))
        .build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[1]",
        "[{}]",
        "[{'role':1}]",
        "[{'role':'user'}]",
        "[{'role':'user','content':null}]",
        "[{'role':'user','content':3}]",
        "[{'role':'user','content':[{'text':'x'}]}]",
        "[{'role':'user','content':[{'type':'text'}]}]",
        "[{'role':'developer','content':''}]",
        "[{'role':'latest_reminder'}]",
        "[{'role':'direct_search_results','content':'x'}]",
        "[{'role':'nobody','content':'x'}]",
        "[{'role':'user','content':'x','task':'nothing'}]",
        "[{'role':'user','content':'x','wo_eos':'yes'}]",
        "[{'role':'system','content':'x','tools':[{}]}]",
        "[{'role':'system','content':'x','tools':{}}]",
        "[{'role':'assistant','tool_calls':[{}]}]",
        "[{'role':'assistant','tool_calls':[{'function':{'name':'f'}}]}]",
        "[{'role':'assistant','tool_calls':[{'function':{'arguments':'{}'}}]}]",
        "[{'role':'assistant','tool_calls':[{'namespace':'a','function':"
            + "{'name':'f','namespace':'b','arguments':'{}'}}]}]",
      })
  void refusesBrokenMessages(String json) {
    assertThatThrownBy(() -> v4.render(talk(json), THINKING))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("prompt: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'role':'user','content':'~'}",
        "{'role':'system','content':'~'}",
        "{'role':'assistant','content':'x','reasoning_content':'~'}",
        "{'role':'tool','content':'~'}",
        "{'role':'user','content':[{'type':'text','text':'~'}]}",
        "{'role':'user','content':[{'type':'tool_result','content':'~'}]}",
        "{'role':'tool','content':[{'type':'text','text':'~'}]}",
      })
  void v41RefusesHandWrittenPlaceholders(String message) {
    List<Message> talk = talk("[" + message.replace("~", "<｜deepseek_image｜>") + "]");
    assertThatThrownBy(() -> v41.render(talk, CHAT))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("reserved");
    assertThatThrownBy(() -> v41.render(List.of(), CHAT.withContext(talk)))
        .isInstanceOf(FormatException.class);
  }

  @Test
  void fillInTheMiddle() {
    EncodedPrompt prompt = FimPrompt.encode("a<｜fim▁hole｜>", "b", true);
    assertThat(prompt.text()).isEqualTo(BOS + "<｜fim▁begin｜>a<｜fim▁hole｜><｜fim▁hole｜>b<｜fim▁end｜>");
    assertThat(prompt.segments())
        .containsExactly(
            new PromptSegment(BOS + "<｜fim▁begin｜>", true),
            new PromptSegment("a<｜fim▁hole｜>", false),
            new PromptSegment("<｜fim▁hole｜>", true),
            new PromptSegment("b", false),
            new PromptSegment("<｜fim▁end｜>", true));
  }
}

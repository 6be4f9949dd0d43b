package io.hadal.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.ChatRequest.Client;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import io.hadal.server.http.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class OllamaStreamTest {
  /** Lines of an answer that calls a tool. */
  private static List<String> lines(boolean chat) throws IOException {
    Exchange none =
        (Exchange)
            Proxy.newProxyInstance(
                Exchange.class.getClassLoader(),
                new Class<?>[] {Exchange.class},
                (self, method, arguments) -> {
                  throw new AssertionError(method);
                });
    Call call =
        new Call(
            none, Dialect.OLLAMA, "chat", "req_1", new Client("a", "a"), new CallMeter(null, null));
    OllamaStream stream = new OllamaStream(call, "m", chat);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    EventStream out = new EventStream(bytes);
    for (TurnEvent event :
        List.of(
            new TurnEvent.CallStart(0, 0, "id", null, "f"),
            new TurnEvent.CallArguments(0, 0, "{\"a\":1}"),
            new TurnEvent.CallEnd(0, 0, true))) {
      stream.event(event, Usage.NONE, out);
    }
    stream.end(Usage.NONE, out);
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void callsAreObjectsOfMessages() throws IOException {
    assertThat(lines(true)).hasSize(2).first().asString().contains("\"arguments\":{\"a\":1}");
  }

  /** A model may write the markup of a call where no tools were given. */
  @Test
  void plainGenerationHasNoCalls() throws IOException {
    assertThat(lines(false)).hasSize(1).first().asString().contains("\"done\":true");
  }
}

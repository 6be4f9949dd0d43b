package io.hadal.spring;

import io.hadal.chat.ChatRequest;
import io.hadal.chat.Generation;
import io.hadal.chat.Hadal;
import io.hadal.chat.Problem;
import io.hadal.chat.Reply;
import io.hadal.chat.TurnEvent;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * A chat model in this process. As in all models of Spring AI 2, calls of tools are the answer;
 * {@code ChatClient} runs them. Safe for concurrent use: requests of several threads run together.
 */
public final class HadalChatModel implements ChatModel {
  private final Hadal hadal;
  private final ChatOptions options;

  /**
   * A model with options for prompts that have none.
   *
   * @param hadal stays the caller's to close
   */
  public HadalChatModel(Hadal hadal, ChatOptions options) {
    this.hadal = hadal;
    this.options = options;
  }

  @Override
  public ChatOptions getOptions() {
    return options;
  }

  private ChatRequest request(Prompt prompt) {
    ChatOptions own = prompt.getOptions();
    return Turns.request(hadal.model(), prompt, own == null ? options : own);
  }

  /**
   * The answer to a prompt.
   *
   * @throws Problem when there is none
   */
  @Override
  public ChatResponse call(Prompt prompt) {
    return Turns.response(hadal.model(), hadal.chat(request(prompt)), null);
  }

  /**
   * The answer in pieces of text; the last element has calls, reasoning, finish reason and usage.
   * It is generated on a virtual thread, and ends when the subscription is cancelled. Errors are
   * {@link Problem}s.
   */
  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    return Flux.create(
        sink -> {
          ChatRequest request;
          Generation generation;
          try {
            request = request(prompt);
            generation = hadal.start(request);
          } catch (RuntimeException e) {
            sink.error(e);
            return;
          }
          sink.onDispose(generation::cancel);
          Thread.ofVirtual().name("hadal-stream").start(() -> run(generation, request, sink));
        });
  }

  private void run(Generation generation, ChatRequest request, FluxSink<ChatResponse> sink) {
    try (generation) {
      Reply reply =
          hadal.reply(
              generation,
              request.client(),
              event -> {
                if (event instanceof TurnEvent.Text text) {
                  sink.next(Turns.piece(text.text()));
                }
              });
      sink.next(Turns.response(hadal.model(), reply, ""));
      sink.complete();
    } catch (RuntimeException e) {
      sink.error(e);
    }
  }
}

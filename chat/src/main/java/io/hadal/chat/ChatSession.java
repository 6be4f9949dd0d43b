package io.hadal.chat;

import io.hadal.formats.prompt.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One conversation and its history. What was said before is not computed again as long as the
 * engine retains it. One thread generates at a time; {@link #cancel} may come from any.
 */
public final class ChatSession implements AutoCloseable {
  private final Hadal hadal;
  private final ChatRequest settings;
  private final List<Message> messages;
  private @Nullable Generation running;
  private boolean closed;

  ChatSession(Hadal hadal, ChatRequest settings) {
    this.hadal = hadal;
    this.settings = settings.copy();
    this.messages = new ArrayList<>(settings.messages());
  }

  /** The next answer to a text. */
  public Reply generate(String user) {
    return generate(user, text -> {});
  }

  /**
   * The next answer to a text.
   *
   * @param text takes pieces of the answer's text, on the calling thread
   */
  public Reply generate(String user, Consumer<String> text) {
    return generate(List.of(Message.user(user)), Hadal.texts(text));
  }

  /**
   * The next answer to messages, such as the results of tool calls ({@link Message#tool}). When it
   * fails the history is as before; a {@linkplain #cancel cancelled} answer is kept as far as it
   * came, without unfinished calls.
   *
   * @param events takes what happens, on the calling thread
   * @throws Problem when there is no answer
   * @throws CancellationException when the thread is interrupted
   * @throws IllegalStateException when the session is closed or an answer is being generated
   */
  public Reply generate(List<Message> more, Consumer<TurnEvent> events) {
    List<Message> all;
    synchronized (this) {
      if (closed || running != null) {
        throw new IllegalStateException(
            closed ? "the session is closed" : "the session is generating an answer already");
      }
      all = new ArrayList<>(messages);
      all.addAll(more);
      running = hadal.start(settings.copy().messages(all));
    }
    Generation generation = running;
    try (generation) {
      Reply reply = hadal.reply(generation, settings.client(), events);
      all.add(reply.message());
      synchronized (this) {
        messages.clear();
        messages.addAll(all);
      }
      return reply;
    } finally {
      synchronized (this) {
        running = null;
      }
    }
  }

  /** The history. */
  public synchronized List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Ends the answer that is being generated; it returns as far as it came. */
  public synchronized void cancel() {
    if (running != null) {
      running.cancel();
    }
  }

  /** Cancels what is being generated and takes no more. */
  @Override
  public synchronized void close() {
    closed = true;
    cancel();
  }
}

package io.hadal.platform.probe;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A way to a server with an OpenAI-like API: over HTTP, or inside of this process. */
public interface ProbeTransport extends AutoCloseable {
  /**
   * An answer.
   *
   * @param body bytes as they came
   */
  record Answer(int status, byte[] body) {}

  /** The server and the model, for messages. */
  String name();

  /** Name of the model to ask for. */
  String model();

  /**
   * Sends a request.
   *
   * @param path such as {@code /v1/chat/completions}
   * @param body JSON; null to get what is at the path
   * @throws IOException when no answer comes
   * @throws InterruptedException when the thread is interrupted
   */
  Answer send(String path, byte @Nullable [] body) throws IOException, InterruptedException;

  @Override
  default void close() {}
}

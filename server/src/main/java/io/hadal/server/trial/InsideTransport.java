package io.hadal.server.trial;

import io.hadal.platform.probe.ProbeTransport;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.routing.config.Operation;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Asks a version inside of this process, wherever it runs. */
public final class InsideTransport implements ProbeTransport {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int NOT_FOUND = 404;

  private final InnerCalls calls;
  private final Resolution version;
  private final Identity identity;

  /**
   * A way.
   *
   * @param version what is asked
   * @param identity whose requests they are
   */
  public InsideTransport(InnerCalls calls, Resolution version, Identity identity) {
    this.calls = calls;
    this.version = version;
    this.identity = identity;
  }

  @Override
  public String name() {
    return version.version() + " at " + String.join(", ", version.backends());
  }

  @Override
  public String model() {
    return version.version();
  }

  @Override
  public Answer send(String path, byte @Nullable [] body) throws IOException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Operation operation =
        path.equals("/v1/chat/completions")
            ? Operation.CHAT
            : path.equals("/v1/completions") ? Operation.COMPLETIONS : null;
    if (operation == null || body == null) {
      return new Answer(NOT_FOUND, new byte[0]);
    }
    InnerCalls.Reply reply =
        calls.ask(new InnerCalls.Order(operation, body, version, identity, Map.of(), PATIENCE));
    if (reply.status() == 200 && !reply.complete()) {
      throw new IOException("the answer breaks off");
    }
    return new Answer(reply.status(), reply.body());
  }
}

package io.hadal.platform.metering;

import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Work;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Requests of tests. */
public final class TestWork {
  private static final AtomicLong COUNT = new AtomicLong();

  private TestWork() {}

  public static Identity identity(String project, String key) {
    return new Identity("o", "t", project, key, null, Set.of(), List.of(), ProjectPolicy.DEFAULT);
  }

  public static Work work(String project, String key, String alias, long prompt, long output) {
    return work(identity(project, key), alias, 1, null, prompt, output);
  }

  public static Work work(
      Identity identity,
      String alias,
      int attempt,
      @Nullable String endUser,
      long prompt,
      long output) {
    return new Work(
        identity,
        "req_" + COUNT.incrementAndGet(),
        attempt,
        "openai",
        "chat",
        alias,
        alias + "@1",
        "local",
        prompt,
        output,
        endUser,
        null,
        Map.of(),
        null);
  }
}

package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.engine.WarmUp;
import io.hadal.kernels.Kernels;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The warm-up of an engine, on the model that comes with Hadal. */
@Timeout(60)
class WarmUpTest {
  private static final int[] PROMPT = {5, 9, 100, 17, 2000, 8, 33, 41, 7};

  private static final EngineOptions OPTIONS =
      EngineOptions.defaults().withMode(NumericMode.FAST).withContext(64).withThreads(2);

  private static float[] logits(Engine engine) {
    try (Session session = engine.newSession()) {
      session.append(PROMPT);
      return session.logits().clone();
    }
  }

  @Test
  void compilesAndPacksWithoutShowingInResultsOrCaches() throws IOException, InterruptedException {
    try (Model cold = Model.load(DemoFiles.trained(null));
        Model model = Model.load(DemoFiles.trained(null));
        Engine without = new Engine(cold, OPTIONS);
        Engine with = new Engine(model, OPTIONS.withWarmUp(true))) {
      assertThat(without.warmUp().state()).isEqualTo(WarmUp.State.OFF);
      float[] meanwhile = logits(with);
      assertThat(with.warmUp().await(Duration.ofSeconds(50))).isTrue();
      assertThat(with.warmUp().state()).isEqualTo(WarmUp.State.WARM);
      assertThat(with.warmUp().progress()).isEqualTo(1);
      assertThat(with.warmUp().trials()).hasSize(with.warmUp().kernels());
      long packed = model.packed().bytes();
      float[] warm = logits(with);
      assertThat(model.packed().bytes()).as("nothing is left to pack").isEqualTo(packed);
      assertThat(warm).containsExactly(meanwhile).containsExactly(logits(without));
    }
  }

  @Test
  void endsAtOnceWhenTheEngineCloses() throws IOException {
    try (Model model = Model.load(DemoFiles.trained(null))) {
      Engine engine = new Engine(model, OPTIONS.withWarmUp(true));
      long start = System.nanoTime();
      engine.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
      assertThat(engine.warmUp().state()).isIn(WarmUp.State.STOPPED, WarmUp.State.WARM);
    }
  }

  @Test
  void doctorShowsWhatItFinds() throws IOException {
    Invocation doctor = Invocation.hadal("doctor", "--model", DemoFiles.trained(null).toString());
    assertThat(doctor.out()).contains("kernel ").contains("rmsNorm");
    // Native kernels of packed weights have nothing to be compiled or chosen.
    assertThat(doctor.out().contains("packed "))
        .isEqualTo(!Kernels.get().name().contains("native"));
  }
}

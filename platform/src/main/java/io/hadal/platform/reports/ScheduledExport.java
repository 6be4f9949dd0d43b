package io.hadal.platform.reports;

import io.hadal.platform.PeriodicTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Exports usage from time to time. What failed is tried again the next time: the files say how far
 * the last export came, so nothing is left out or written twice.
 */
public final class ScheduledExport implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private final ExportFolder folder;
  private final Consumer<Path> written;
  private final PeriodicTask timer = new PeriodicTask("hadal-export", this::run);

  /**
   * Exports from now on.
   *
   * @param written told of each file
   */
  public ScheduledExport(ExportPlan plan, UsageExport export, Consumer<Path> written) {
    this.folder = new ExportFolder(export, plan.format(), plan.folder());
    this.written = written;
    timer.every(plan.every());
  }

  private void run() {
    try {
      Path file = folder.next();
      if (file != null) {
        written.accept(file);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.log(Level.WARNING, "export: the folder cannot be written: {0}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "export: must wait: {0}", e.getMessage());
    }
  }

  /** Waits for an export that runs. */
  @Override
  public void close() {
    timer.close(Duration.ofSeconds(30));
  }
}

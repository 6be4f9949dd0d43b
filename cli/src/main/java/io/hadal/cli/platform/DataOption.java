package io.hadal.cli.platform;

import io.hadal.platform.DataFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the platform's data are. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data folder of 'hadal serve'. Default: $XDG_DATA_HOME/hadal, else ~/.local/share/hadal.")
  private @Nullable Path data;

  /** Whether the user named it. */
  boolean given() {
    return data != null;
  }

  /** The folder, there or not. */
  DataFolder folder() {
    return data == null
        ? DataFolder.standard(System.getenv(), Path.of(System.getProperty("user.home")))
        : new DataFolder(data);
  }
}

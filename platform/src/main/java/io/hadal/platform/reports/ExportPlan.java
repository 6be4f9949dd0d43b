package io.hadal.platform.reports;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where usage goes by itself.
 *
 * @param folder gets a file each time there is something new
 * @param every how often
 */
public record ExportPlan(Path folder, ExportFormat format, Duration every) {}

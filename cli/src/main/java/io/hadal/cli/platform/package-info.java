/** Commands of the platform: what was used, what it cost, who may do what. */
@org.jspecify.annotations.NullMarked
package io.hadal.cli.platform;

ALTER TABLE "projects" ADD COLUMN "deleting_since" bigint;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "deleting_since" bigint;
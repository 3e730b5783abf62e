ALTER TABLE "turns" ADD COLUMN "kind" text DEFAULT 'prompt' NOT NULL;--> statement-breakpoint
ALTER TABLE "turns" ADD CONSTRAINT "turns_kind_check" CHECK ("turns"."kind" in ('prompt', 'summary'));
ALTER TABLE "permission_grants" ADD COLUMN "scope" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "permission_requests" ADD COLUMN "scopes" jsonb DEFAULT '[""]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "permission_grants" DROP CONSTRAINT "permission_grants_pkey";
--> statement-breakpoint
ALTER TABLE "permission_grants" ADD CONSTRAINT "permission_grants_pkey" PRIMARY KEY("session_id","tool_name","action","path","scope");